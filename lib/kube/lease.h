/* SPDX-License-Identifier: Apache-2.0 */
/* Leader election on a coordination.k8s.io Lease: duration 15 s, renewed each 5 s, given up 10 s after the
 * last renewal, released at stop. `changed` says when we become the leader and when we no longer are. */
#ifndef ESCAPE_KUBE_LEASE_H
#define ESCAPE_KUBE_LEASE_H

#include <kube/client.h>

struct kube_lease;
typedef void (*kube_lease_changed)(void *arg, bool leader);
int kube_lease_new(struct kube_client *c, const char *namespace_, const char *name, const char *identity,
	kube_lease_changed changed, void *arg, struct kube_lease **ret);
bool kube_lease_is_leader(const struct kube_lease *l);
/* Clears holderIdentity when we hold it, then calls done. */
void kube_lease_release(struct kube_lease *l, void (*done)(void *arg), void *arg);
void kube_lease_free(struct kube_lease *l);

#endif
