/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/creds.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <base/cleanup.h>
#include <base/str.h>

/* linux/capability.h, in its order. */
static const char *const capabilities[] = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH",
	"CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
	"CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
	"CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE"};

/* runc passes over names it does not know, so nothing is gained by them. */
static uint64_t read_set(json_t *sets, const char *name)
{
	json_t *set = json_object_get(sets, name);
	uint64_t bits = 0;

	for (size_t i = 0; i < json_array_size(set); i++) {
		const char *given = json_string_value(json_array_get(set, i));
		for (size_t c = 0; given && c < ARRAY_LEN(capabilities); c++) {
			if (str_eq(given, capabilities[c]))
				bits |= UINT64_C(1) << c;
		}
	}
	return bits;
}

/* Numbers may have been read as floating point. */
static int read_id(json_t *value, uint32_t *ret)
{
	double id = value ? json_number_value(value) : 0;

	if ((value && !json_is_number(value)) || id < 0 || id >= UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)id;
	return 0;
}

static int read_user(json_t *user, struct creds_spec *s)
{
	json_t *groups = json_object_get(user, "additionalGids");
	size_t count = json_array_size(groups);

	if (read_id(json_object_get(user, "uid"), &s->uid) ||
		read_id(json_object_get(user, "gid"), &s->gid) || count > CREDS_GROUPS_MAX)
		return -EINVAL;
	s->groups = calloc(count + 1, sizeof(*s->groups));
	if (!s->groups)
		return -ENOMEM;
	for (; s->group_count < count; s->group_count++) {
		if (read_id(json_array_get(groups, s->group_count), &s->groups[s->group_count]))
			return -EINVAL;
	}
	return 0;
}

/* runc installs nothing for a filter that allows everything. */
static bool has_filter(json_t *seccomp)
{
	const char *otherwise = json_string_value(json_object_get(seccomp, "defaultAction"));

	return json_is_object(seccomp) && (!str_eq(otherwise, "SCMP_ACT_ALLOW") ||
						  json_array_size(json_object_get(seccomp, "syscalls")));
}

int creds_spec_read(json_t *spec, struct creds_spec *ret, struct err *e)
{
	json_t *process = json_object_get(spec, "process"), *sets = json_object_get(process, "capabilities");
	const char *profile = json_string_value(json_object_get(process, "apparmorProfile"));
	struct creds_spec s = {.bounding = read_set(sets, "bounding"),
		.no_new_privs = json_is_true(json_object_get(process, "noNewPrivileges")),
		.seccomp = has_filter(json_object_get(json_object_get(spec, "linux"), "seccomp")),
		.confined = profile && *profile && !str_eq(profile, "unconfined")};
	int r = read_user(json_object_get(process, "user"), &s);

	s.reachable = read_set(sets, "permitted") | read_set(sets, "inheritable") |
		      read_set(sets, "ambient") | (s.no_new_privs ? 0 : s.bounding);
	if (r) {
		creds_spec_free(&s);
		return err_set(e, r, "BadSpec", "process.user holds what is no user or group id");
	}
	*ret = s;
	return 0;
}

void creds_spec_free(struct creds_spec *s)
{
	free(s->groups);
	*s = (struct creds_spec){0};
}
