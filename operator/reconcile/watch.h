/* SPDX-License-Identifier: Apache-2.0 */
/* The informers: what they deliver is put into the world, and whoever depends on it is told. Loop thread
 * only. */
#ifndef ESCAPE_OPERATOR_WATCH_H
#define ESCAPE_OPERATOR_WATCH_H

#include "operator/reconcile/reconcile.h"

struct watch;
/* Both are borrowed. reconcile_set_synced is called when all kinds have been listed. */
int watch_new(struct kube_client *c, struct world *w, struct reconcile *r, struct watch **ret, struct err *e);
void watch_free(struct watch *w);
/* What is not listed yet, for /readyz; NULL: all is. */
const char *watch_missing(const struct watch *w);

#endif
