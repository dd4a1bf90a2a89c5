/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stand-ins for what needs a node: monitor.h (eBPF), netswitch.h (network namespaces), freezer.h (cgroups)
 * and probe.h (programs of the node). Linked instead of the real ones, so that the agent's way through a
 * whole Escape can be tested anywhere. They note what they were asked for.
 */
#ifndef ESCAPE_TESTS_FAKE_NODE_H
#define ESCAPE_TESTS_FAKE_NODE_H

#include "node-agent/monitor/monitor.h"

struct fake_watch {
	struct monitor_params params;
	enum monitor_mode mode;
	struct monitor_stats stats;
	monitor_on_verdict on_verdict;
	void *arg;
	int marked_pid;
	unsigned marks, rearms;
	uint64_t bags[64];
	size_t n_bags;
	struct monitor_fused fused; /* what is known, or learned */
	bool outside;               /* the next look finds an epoch far outside */
};

/* The only watch there is, or NULL. */
struct fake_watch *fake_watch_only(void);
void fake_verdict(struct fake_watch *w, uint32_t mismatches);
/* What the last write to the freezer said. */
bool fake_freezer_frozen(void);
/* Everything the network was asked for since the last fake_net_forget, one word per call: "cut:4242 heal:4242
 * ...". */
const char *fake_net_log(void);
void fake_net_forget(void);
/* The next call of that name fails. */
void fake_net_fail(const char *call);

#endif
