/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans and carries out, one key at a time: what alarms ask for, the next step of each Escape, the status of
 * each policy, what may be forgotten in a namespace. Works only while it leads and the world is complete. A
 * key that failed comes again after a back-off; one whose plan names a time comes again then. Loop thread
 * only.
 */
#ifndef ESCAPE_OPERATOR_RECONCILE_H
#define ESCAPE_OPERATOR_RECONCILE_H

#include "operator/plan/config.h"
#include "operator/reconcile/metrics.h"
#include "operator/world/world.h"

#include <kube/client.h>

struct reconcile;

/* world, config and metrics are borrowed. */
int reconcile_new(struct kube_client *c, struct world *w, const struct plan_config *config,
	struct op_metrics *m, struct reconcile **ret);
/* After the client is freed, so that nothing is in flight. */
void reconcile_free(struct reconcile *r);
/* Both must be true before anything is done; when they become so, everything is looked at. */
void reconcile_set_leader(struct reconcile *r, bool leader);
void reconcile_set_synced(struct reconcile *r);
bool reconcile_leads(const struct reconcile *r);

/* Something changed; what depends on it is planned again. */
void reconcile_policy(struct reconcile *r, const char *namespace_, const char *name);
void reconcile_pod(struct reconcile *r, const struct world_pod *p);
void reconcile_profile(struct reconcile *r, const char *namespace_);
void reconcile_nodes(struct reconcile *r);
/* Something foreign was noted against a node. */
void reconcile_foreign(struct reconcile *r);
/* Puts an Escape into the world, tells of a new phase, and plans. watched: from the informer. */
void reconcile_take_escape(struct reconcile *r, const struct json *obj, bool watched);
void reconcile_drop_escape(struct reconcile *r, const char *namespace_, const char *name);

#endif
