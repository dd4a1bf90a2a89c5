/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `kubectl escape status`: what is protected, what the nodes can do, which Escapes are under way. status_read
 * takes the lists of the API server apart, status_text and status_json show them; all three are pure. Strings
 * are borrowed from the lists, which outlive the view. Anything may be absent or of the wrong type: it is
 * then shown as unknown.
 */
#ifndef ESCAPE_CLI_STATUS_H
#define ESCAPE_CLI_STATUS_H

#include <base/buf.h>
#include <base/err.h>
#include <doc/json.h>

#define STATUS_PROBLEMS_MAX 8

struct status_problem {
	const char *type, *status, *reason, *message;
};

struct status_problems {
	struct status_problem items[STATUS_PROBLEMS_MAX];
	size_t n;
};

struct status_policy {
	const char *namespace_, *name, *mode;
	bool dry_run;
	bool behind; /* the operator has not looked at this spec yet */
	int64_t protected_pods, unprotected_pods, learning_pods; /* -1: unknown */
	int64_t learned_percent, learning_s;              /* of the container that is last; -1: unknown */
	int64_t hacked_nodes, suspect_nodes, nodes;       /* -1: unknown */
	double density, survival_static, survival_mobile; /* -1: unknown */
	const char *growth;                               /* model, or "" */
	double growth_rate, growth_capacity, hacked_ahead;
	struct status_problems problems;
};

struct status_node {
	const char *name;
	const char *state;    /* of its NodeVerdict; "": not known */
	int64_t heartbeat_ms; /* 0: never */
	bool can_detect, can_restore;
	const char *kernel, *cgroups, *cgroup_driver, *criu; /* "": unknown */
	size_t alarms;
	int64_t last_alarm_ms; /* 0: none */
	struct status_problems problems;
};

struct status_escape {
	const char *namespace_, *name, *kind, *pod, *from, *to, *phase, *reason, *message;
	bool stuck;
	int64_t since_ms; /* when the phase began; 0: unknown */
};

struct status_lists {
	const struct json *policies, *reports, *escapes;
	const struct json *verdicts; /* NULL: they may not be seen */
	const char *namespace_;      /* NULL: all */
	const char *nodes_hidden;    /* why there are no reports to show, or NULL */
};

struct status_view {
	struct status_policy *policies;
	size_t n_policies;
	struct status_node *nodes;
	size_t n_nodes;
	struct status_escape *escapes; /* those that have not ended */
	size_t n_escapes;
	const char *namespace_;
	const char *nodes_hidden;
};

int status_read(const struct status_lists *lists, struct status_view *ret, struct err *e);
void status_free(struct status_view *v);
#define auto_status __attribute__((cleanup(status_free)))
void status_text(const struct status_view *v, int64_t now_ms, struct buf *out);
/* NULL: out of memory. Caller frees. */
struct json *status_json(const struct status_view *v, int64_t now_ms);

#endif
