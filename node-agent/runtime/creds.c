/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/creds.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include <base/str.h>

#define SECCOMP_FILTER_MODE 2
#define BIT(capability) (UINT64_C(1) << (capability))

/* What stands behind "\nNAME:\t"; `name` with its colon. */
static const char *field(const char *status, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = status; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == '\t')
			return line + len + 1;
	}
	return NULL;
}

static int read_ids(const char *status, const char *name, uint32_t ids[static 4])
{
	const char *at = field(status, name);

	for (int i = 0; i < 4; i++) {
		char *end = NULL;
		unsigned long id = at ? strtoul(at, &end, 10) : 0;
		if (!at || end == at || id > UINT32_MAX)
			return -EINVAL;
		ids[i] = (uint32_t)id;
		at = end;
	}
	return 0;
}

static int read_bits(const char *status, const char *name, uint64_t *ret)
{
	const char *at = field(status, name);
	char *end = NULL;

	if (!at)
		return -EINVAL;
	*ret = strtoull(at, &end, 16);
	return *end == '\n' && end != at ? 0 : -EINVAL;
}

static int read_number(const char *status, const char *name, uint32_t *ret)
{
	const char *at = field(status, name);

	if (!at || *at < '0' || *at > '9')
		return -EINVAL;
	*ret = (uint32_t)(*at - '0');
	return 0;
}

int creds_task_parse(const char *status, struct creds_task *ret)
{
	struct creds_task t = {.groups = field(status, "Groups:")};

	if (!t.groups || read_ids(status, "Uid:", t.uid) || read_ids(status, "Gid:", t.gid) ||
		read_bits(status, "CapInh:", &t.inheritable) || read_bits(status, "CapPrm:", &t.permitted) ||
		read_bits(status, "CapEff:", &t.effective) || read_bits(status, "CapBnd:", &t.bounding) ||
		read_bits(status, "CapAmb:", &t.ambient) ||
		read_number(status, "NoNewPrivs:", &t.no_new_privs) ||
		read_number(status, "Seccomp:", &t.seccomp))
		return -EINVAL;
	*ret = t;
	return 0;
}

static int exceeds(struct err *e, const char *what)
{
	return err_set(e, -EPERM, "CredentialsExceedSpec", "%s", what);
}

static bool all_are(const uint32_t ids[static 4], uint32_t id)
{
	return ids[0] == id && ids[1] == id && ids[2] == id && ids[3] == id;
}

static int check_capabilities(const struct creds_spec *s, const struct creds_task *t, struct err *e)
{
	uint64_t held = t->inheritable | t->permitted | t->effective | t->ambient;
	char what[96];

	if (!(held & ~s->reachable) && !(t->bounding & ~s->bounding))
		return 0;
	str_fmt(what, sizeof(what), "has capabilities %" PRIx64 " (bounding %" PRIx64 ") beyond the spec's",
		held, t->bounding);
	return exceeds(e, what);
}

/* A set-id program can make another user of the task, though not of init. */
static bool may_change(const struct creds_spec *s, int capability, bool init)
{
	return s->reachable & BIT(capability) || (!s->no_new_privs && !init);
}

static int check_user(const struct creds_spec *s, const struct creds_task *t, bool init, struct err *e)
{
	char what[96];

	if (may_change(s, CAP_SETUID, init) || all_are(t->uid, s->uid))
		return 0;
	str_fmt(what, sizeof(what), "has user ids %u %u %u %u, the spec says %u", t->uid[0], t->uid[1],
		t->uid[2], t->uid[3], s->uid);
	return exceeds(e, what);
}

static bool has_group(const struct creds_spec *s, unsigned long id)
{
	if (id == s->gid)
		return true;
	for (size_t i = 0; i < s->group_count; i++) {
		if (id == s->groups[i])
			return true;
	}
	return false;
}

static int check_groups(const struct creds_spec *s, const struct creds_task *t, bool init, struct err *e)
{
	const char *at = t->groups;
	char what[96];

	if (may_change(s, CAP_SETGID, init))
		return 0;
	if (!all_are(t->gid, s->gid)) {
		str_fmt(what, sizeof(what), "has group ids %u %u %u %u, the spec says %u", t->gid[0],
			t->gid[1], t->gid[2], t->gid[3], s->gid);
		return exceeds(e, what);
	}
	while (*at && *at != '\n') {
		char *end;
		unsigned long id = strtoul(at, &end, 10);
		if (end == at)
			break;
		if (!has_group(s, id)) {
			str_fmt(what, sizeof(what), "is in group %lu, the spec is not", id);
			return exceeds(e, what);
		}
		at = end + (*end == ' ');
	}
	return 0;
}

int creds_check(
	const struct creds_spec *s, const struct creds_task *t, const char *label, bool init, struct err *e)
{
	int r = check_capabilities(s, t, e);

	if (!r)
		r = check_user(s, t, init, e);
	if (!r)
		r = check_groups(s, t, init, e);
	if (!r && s->no_new_privs && !t->no_new_privs)
		r = exceeds(e, "may gain privileges, the spec has noNewPrivileges");
	if (!r && s->seccomp && t->seccomp != SECCOMP_FILTER_MODE)
		r = exceeds(e, "has no seccomp filter, the spec has one");
	if (!r && s->confined && str_starts(label, "unconfined"))
		r = exceeds(e, "is unconfined, the spec has an AppArmor profile");
	return r;
}
