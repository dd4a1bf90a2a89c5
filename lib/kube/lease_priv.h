/* SPDX-License-Identifier: Apache-2.0 */
/* The election with other times than the product's, for tests that may not wait 15 s. */
#ifndef ESCAPE_KUBE_LEASE_PRIV_H
#define ESCAPE_KUBE_LEASE_PRIV_H

#include <kube/lease.h>
#include <kube/lease_plan.h>

int kube_lease_new_timed(struct kube_client *c, const char *namespace_, const char *name,
	const char *identity, const struct lease_timing *timing, kube_lease_changed changed, void *arg,
	struct kube_lease **ret);

#endif
