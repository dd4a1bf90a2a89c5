/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/foreign/rate.h"

bool rate_take(struct rate *r, int64_t now_ms)
{
	if (now_ms > r->at_ms) {
		r->spent -= (double)(now_ms - r->at_ms) / 1000 * r->per_s;
		r->at_ms = now_ms;
	}
	if (r->spent < 0)
		r->spent = 0;
	if (r->spent + 1 > r->burst)
		return false;
	r->spent += 1;
	return true;
}
