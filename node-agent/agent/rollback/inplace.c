/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/rollback/inplace.h"

#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/guard/guard.h"
#include "node-agent/agent/report/metrics.h"
#include "node-agent/agent/snapshots/dump.h"
#include "node-agent/agent/snapshots/snapshots.h"

struct inplace {
	struct inplace *next;
	struct agent *agent;
	char pod_uid[API_UID_MAX];
	char scope[API_UID_MAX];
	inplace_done done;
	void *arg;
	struct inplace_result result;
	struct restore restores[GUARDS_OF_POD_MAX];
	size_t n, left;
};

static void inplace_try(struct inplace *ip);

static void inplace_end(struct inplace *ip)
{
	for (struct inplace **at = &ip->agent->inplaces; *at; at = &(*at)->next) {
		if (*at != ip)
			continue;
		*at = ip->next;
		break;
	}
	metrics_restore(ip->agent->metrics, !ip->result.err.code);
	ip->done(ip->arg, &ip->result);
	free(ip);
}

static void step_add(struct inplace_result *r, const char *name, int64_t ms)
{
	struct escape_stepms *s = &r->steps[r->n_steps++];

	str_copy(s->name, sizeof(s->name), name);
	s->ms = ms;
}

static void inplace_succeed(struct inplace *ip)
{
	step_add(&ip->result, "verify", restores_verify_ms(ip->restores, ip->n));
	step_add(&ip->result, "kill", restores_step_ms(ip->restores, ip->n, KEEPER_MS_KILL));
	step_add(&ip->result, "files", restores_step_ms(ip->restores, ip->n, KEEPER_MS_FILES));
	step_add(&ip->result, "restore", restores_step_ms(ip->restores, ip->n, KEEPER_MS_RESTORE));
	for (size_t i = 0; i < ip->n; i++) {
		struct guard *g = guard_find(ip->agent, ip->restores[i].container_id);

		if (g)
			guard_alarm_clear(g);
	}
}

static void on_restored(void *arg, struct restore *r)
{
	struct inplace *ip = arg;
	const struct err *bad;

	(void)r;
	if (--ip->left)
		return;
	bad = restores_error(ip->restores, ip->n);
	if (bad)
		ip->result.err = *bad;
	else
		inplace_succeed(ip);
	inplace_end(ip);
}

static void restore_all(struct inplace *ip)
{
	/* One more than there are, so that a callback of the last cannot end it while others are still being
	 * begun. */
	ip->left = ip->n + 1;
	for (size_t i = 0; i < ip->n; i++) {
		struct restore *r = &ip->restores[i];

		r->done = on_restored;
		str_copy(r->scope, sizeof(r->scope), ip->scope);
		if (restore_run(r))
			ip->left--;
	}
	on_restored(ip, NULL);
}

static void note_bad(struct inplace *ip, const struct err *e)
{
	size_t len = strlen(ip->result.note);

	log_warn("snapshot not used", "pod", ip->pod_uid, "generation", ip->result.generation, "reason",
		e->reason, "why", e->message);
	snprintf(ip->result.note + len, sizeof(ip->result.note) - len, "%s%s is bad (%s)",
		len ? ", " : "snapshot ", ip->result.generation, e->reason);
}

static void try_older(struct inplace *ip)
{
	char older[STORAGE_GENERATION_MAX];
	struct err e;

	if (snapshots_safe(ip->agent, ip->pod_uid, ip->result.generation, older, &e)) {
		err_wrap(&e, "%s", ip->result.note);
		ip->result.err = e;
		inplace_end(ip);
		return;
	}
	str_copy(ip->result.generation, sizeof(ip->result.generation), older);
	inplace_try(ip);
}

/* A store that cannot be read says nothing about the dump; only what is wrong with the dump itself leads to
 * an older one. */
static bool dump_is_bad(const struct err *e)
{
	return str_starts(e->reason, "Dump");
}

static void on_verified(void *arg, struct restore *r)
{
	struct inplace *ip = arg;
	const struct err *bad;

	(void)r;
	if (--ip->left)
		return;
	bad = restores_error(ip->restores, ip->n);
	if (!bad) {
		restore_all(ip);
		return;
	}
	if (ip->agent->stopping || !dump_is_bad(bad)) {
		ip->result.err = *bad;
		inplace_end(ip);
		return;
	}
	note_bad(ip, bad);
	snapshots_distrust(ip->agent, ip->pod_uid, ip->result.generation);
	try_older(ip);
}

static void inplace_try(struct inplace *ip)
{
	ip->left = ip->n + 1;
	for (size_t i = 0; i < ip->n; i++) {
		struct restore *r = &ip->restores[i];

		memset(&r->err, 0, sizeof(r->err));
		str_copy(r->generation, sizeof(r->generation), ip->result.generation);
		r->done = on_verified;
		r->arg = ip;
		if (restore_verify(r)) {
			if (!r->err.code)
				err_set(&r->err, -ESHUTDOWN, "Stopping", "the agent is stopping");
			ip->left--;
		}
	}
	on_verified(ip, NULL);
}

static int targets_gather(struct inplace *ip, struct err *e)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	int rc = guards_of_pod(ip->agent, ip->pod_uid, guards, GUARDS_OF_POD_MAX, &ip->n);

	if (rc)
		return err_set(
			e, rc, "TooManyContainers", "the pod has more than %d containers", GUARDS_OF_POD_MAX);
	if (!ip->n)
		return err_set(e, -EAGAIN, "ContainerGone", "no container of the pod runs here");
	for (size_t i = 0; i < ip->n; i++) {
		const struct keeper *k = guards[i]->keeper;

		if (!k->connected || (k->last.state != KEEPER_RUNNING && k->last.state != KEEPER_FROZEN))
			return err_set(e, -EAGAIN, "KeeperBusy",
				"container %s cannot be restored at this moment", k->last.container);
		if (restore_init(&ip->restores[i], guards[i]))
			return err_set(e, -EINVAL, "BadName", "a name of container %s does not fit",
				k->last.container);
	}
	return 0;
}

static void inplace_start(void *arg)
{
	inplace_try(arg);
}

static bool is_under_way(const struct agent *a, const char *pod_uid)
{
	for (const struct inplace *ip = a->inplaces; ip; ip = ip->next)
		if (str_eq(ip->pod_uid, pod_uid))
			return true;
	return false;
}

static int inplace_prepare(struct inplace *ip, const char *first, struct err *e)
{
	int rc = targets_gather(ip, e);

	if (rc)
		return rc;
	if (*first)
		return str_copy(ip->result.generation, sizeof(ip->result.generation), first);
	return snapshots_safe(ip->agent, ip->pod_uid, "", ip->result.generation, e);
}

int inplace_restore(struct agent *a, const char *pod_uid, const char *first, const char *scope,
	inplace_done done, void *arg, struct err *e)
{
	struct inplace *ip;
	int rc;

	if (is_under_way(a, pod_uid))
		return err_set(e, -EAGAIN, "KeeperBusy", "the pod is being restored already");
	ip = calloc(1, sizeof(*ip));
	if (!ip)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a restore");
	*ip = (struct inplace){.agent = a, .done = done, .arg = arg};
	rc = str_copy(ip->pod_uid, sizeof(ip->pod_uid), pod_uid);
	if (!rc)
		rc = str_copy(ip->scope, sizeof(ip->scope), scope);
	if (!rc)
		rc = inplace_prepare(ip, first, e);
	if (!rc)
		rc = loop_soon(a->loop, inplace_start, ip);
	if (rc) {
		free(ip);
		return rc;
	}
	ip->next = a->inplaces;
	a->inplaces = ip;
	return 0;
}
