/* SPDX-License-Identifier: Apache-2.0 */
/* The informers: what they deliver is put into the world, and whoever depends on it is told. Loop thread
 * only. */
#ifndef ESCAPE_OPERATOR_INFORMERS_H
#define ESCAPE_OPERATOR_INFORMERS_H

#include "operator/reconcile/reconcile.h"

struct informers;
/* Both are borrowed. reconcile_set_synced is called when all kinds have been listed. */
int informers_new(
	struct kube_client *c, struct world *w, struct reconcile *r, struct informers **ret, struct err *e);
void informers_free(struct informers *in);
/* What is not listed yet, for /readyz; NULL: all is. */
const char *informers_missing(const struct informers *in);

#endif
