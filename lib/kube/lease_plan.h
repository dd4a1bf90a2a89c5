/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a contender does about a Lease: pure, over a record and a clock that the caller passes in. A holder is
 * believed alive for the lease's duration after WE last saw the record change; the holder's own clock is
 * never compared with ours.
 */
#ifndef ESCAPE_KUBE_LEASE_PLAN_H
#define ESCAPE_KUBE_LEASE_PLAN_H

#include <doc/json.h>
#include <stdbool.h>
#include <stdint.h>

struct lease_timing {
	int64_t duration_ms; /* written into the record; others wait this long */
	int64_t renew_ms;    /* how often the holder renews */
	int64_t give_up_ms;  /* after the last renewal the holder no longer believes itself leader */
	int64_t retry_ms;    /* after a failed attempt */
};

/* What we know of the record; zero at first. */
struct lease_seen {
	char version[64];   /* resourceVersion */
	int64_t changed_ms; /* monotonic: when we first saw this version */
	bool exists;
};

enum lease_step { LEASE_CREATE, LEASE_TAKE, LEASE_RENEW, LEASE_WAIT };

struct lease_plan {
	enum lease_step step;
	int64_t wait_ms; /* LEASE_WAIT: until the next look */
};

/* record NULL: there is none. Updates *seen. */
struct lease_plan lease_plan(const struct json *record, const char *identity, const struct lease_timing *t,
	int64_t now_ms, struct lease_seen *seen);

/* The merge patch or new object of a step. now_wall_ms goes into renewTime. NULL: out of memory. */
struct json *lease_patch(enum lease_step step, const struct json *record, const char *identity,
	const struct lease_timing *t, int64_t now_wall_ms);
struct json *lease_release_patch(const struct json *record);

#endif
