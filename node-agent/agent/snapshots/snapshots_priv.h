/* SPDX-License-Identifier: Apache-2.0 */
/* What snapshots.c (what is known and kept) and snapshots_io.c (the work on the store) share. Not for users
 * of snapshots.h. */
#ifndef ESCAPE_AGENT_SNAPSHOTS_PRIV_H
#define ESCAPE_AGENT_SNAPSHOTS_PRIV_H

#include "node-agent/agent/guard/decide.h"
#include "node-agent/agent/report/report.h"
#include "node-agent/agent/snapshots/dump.h"
#include "node-agent/agent/snapshots/snapshots.h"

struct podsnap {
	struct podsnap *next;
	struct agent *agent;
	char pod_uid[API_UID_MAX];
	struct storage_ids containers[GUARDS_OF_POD_MAX];
	size_t n_containers;
	struct storage_gen gens[STORAGE_GENERATIONS_MAX]; /* oldest first */
	size_t n_gens;
	bool loaded;          /* what the store had is in gens */
	bool busy;            /* loading */
	struct snap_run *run; /* one under way */
	int64_t due_ms;       /* monotonic */
	int64_t interval_ms, safe_after_ms;
	size_t kept;
	struct alarm_span alarm;
	int64_t failed_event_ms;
};

struct snapshots {
	struct agent *agent;
	struct podsnap *pods;
};

struct snap_run {
	struct podsnap *pod;
	struct storage_gen gen;
	int64_t began_ms; /* monotonic */
	struct dump dumps[GUARDS_OF_POD_MAX];
	size_t n, left;
};

struct podsnap *podsnap_find(const struct agent *a, const char *pod_uid);
void podsnap_load(struct podsnap *p);
void podsnap_run(struct podsnap *p, struct guard **guards, size_t n);
/* One generation of all its containers, or all there is; in the background, failures are logged. */
void podsnap_remove(struct podsnap *p, const char *generation);
void podsnap_remove_all(struct podsnap *p);

/* Called back by the above. e NULL: taken. run is freed afterwards. */
void podsnap_ran(struct snap_run *run, const struct err *e);
void podsnap_loaded(struct podsnap *p, const struct storage_gen *gens, size_t n);

#endif
