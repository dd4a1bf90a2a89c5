/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real binary against the fake API server: starts and ends it, makes nodes, pods and reports, plays
 * agents and kubelet, and waits for what should come. A wait that ends without it fails the test.
 */
#ifndef ESCAPE_TESTS_OPERATOR_RIG_H
#define ESCAPE_TESTS_OPERATOR_RIG_H

#include "fake_api.h"

#include <sys/types.h>

/* cmocka.h needs these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct rig {
	struct fake_api *api;
	char dir[64];
	pid_t pid;
	int http_port, webhook_port, alerts_port;
	char escape[300]; /* path of the newest Escape found by rig_escape */
};

/* Three nodes with agents, a policy in namespace shop with these spec members ('...'), the webhook
 * configuration. */
void rig_begin(struct rig *r, const char *policy_spec);
void rig_end(struct rig *r);
void rig_operator_start(struct rig *r, const char *const *args);
/* Exit status, or 128 + signal. */
int rig_operator_wait(struct rig *r);
void rig_operator_signal(struct rig *r, int signum);

__attribute__((format(printf, 4, 5))) void rig_call(
	struct rig *r, const char *method, const char *path, const char *fmt, ...);
/* A running, ready pod shop/<name> with label app=shop. */
void rig_pod(struct rig *r, const char *name, const char *node, bool of_replicaset);
void rig_pod_ready(struct rig *r, const char *name, const char *node);
/* A fresh report of the node; pod NULL: nothing to say, else one anomaly of it. */
void rig_report(struct rig *r, const char *node, const char *anomaly, const char *pod);
/* An agent's step. 409 is retried as an agent would. */
void rig_step(struct rig *r, const char *phase);

typedef bool (*rig_check)(struct rig *r, const void *arg);
void rig_wait(struct rig *r, rig_check check, const void *arg, const char *what);
void rig_wait_escapes(struct rig *r, size_t n);
void rig_wait_phase(struct rig *r, const char *phase);
void rig_wait_value(struct rig *r, const char *path, const char *member, const char *value); /* "": absent */
/* Status of a GET on the HTTP port (0: refused); the body is added to *ret when not NULL. */
int rig_http(struct rig *r, const char *path, char *body, size_t size);
struct json *rig_get(struct rig *r, const char *path); /* NULL: absent; the caller's */

#endif
