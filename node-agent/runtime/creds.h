/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the tasks of a container may be. A dump says who the restored ones are, and whoever could write it had
 * a say in that; the container's spec is the limit. Neither refuses what a process started by the spec could
 * have become by itself: root changes its user, a set-id program another's unless no_new_privs is set. Which
 * rules a seccomp filter holds is not looked at, only that there is one. Pure.
 */
#ifndef ESCAPE_RUNTIME_CREDS_H
#define ESCAPE_RUNTIME_CREDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>

#define CREDS_GROUPS_MAX 65536 /* the kernel's */

struct creds_spec {
	uint32_t uid, gid;
	uint32_t *groups; /* additional ones, owned */
	size_t group_count;
	uint64_t bounding;  /* as bits, CAP_CHOWN is bit 0 */
	uint64_t reachable; /* all that a task can come to have: of the bounding set only without no_new_privs
			     */
	bool no_new_privs;
	bool seccomp;  /* at least one filter */
	bool confined; /* by an AppArmor profile */
};

struct creds_task {
	uint32_t uid[4], gid[4]; /* real, effective, saved, of the file system */
	const char *groups;      /* of the text that was parsed, to the end of the line */
	uint64_t inheritable, permitted, effective, bounding, ambient;
	uint32_t no_new_privs, seccomp; /* seccomp: 2 is filter mode */
};

struct json_t;

/* Of an OCI spec. Values it does not hold are the most restrictive; -EINVAL for what is no such spec. */
int creds_spec_read(struct json_t *spec, struct creds_spec *ret, struct err *e);
void creds_spec_free(struct creds_spec *s);
/* The text of /proc/PID/status, which must outlive *ret. -EINVAL when a field is missing. */
int creds_task_parse(const char *status, struct creds_task *ret);
/*
 * 0, or -EPERM with reason CredentialsExceedSpec. `label` is the task's AppArmor label, "" when there is
 * none. Container init is what the spec says even where a set-id program might have made it another.
 */
int creds_check(
	const struct creds_spec *s, const struct creds_task *t, const char *label, bool init, struct err *e);

#endif
