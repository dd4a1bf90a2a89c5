/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/report/features.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node-agent/agent/report/feature_parse.h"
#include "node-agent/agent/report/memory_track.h"
#include "node-agent/agent/report/probe.h"
#include "node-agent/agent/report/report.h"
#include "node-agent/monitor/abilities.h"

#define TEXT_MAX (1u << 20)
#define CRIU_DEADLINE_MS 10000
#define CRIU_OUTPUT_MAX 4096
/* Those of the node; ours may lack what the agent's container does not show. */
#define NODE_MOUNTS "/proc/1/mountinfo"
#define NODE_LSMS "/proc/1/root/sys/kernel/security/lsm"
#define USER_NAMESPACES "/proc/sys/user/max_user_namespaces"

/* What `criu check --feature` is asked for, and what it is called in the report. */
static const struct {
	const char *name, *criu;
} CRIU_FEATURES[] = {
	{"criuMemDirtyTrack", "mem_dirty_track"},
	{"criuPagemapScan", "pagemap_scan"},
	{"criuLazyPages", "uffd-noncoop"},
	{"criuNftables", "network_lock_nftables"},
	{"criuSocketBuffers", "sockopt_buf_lock"},
	{"criuRseq", "get_rseq_conf"},
	{"criuSeccomp", "seccomp_suspend"},
	{"criuUserNamespaces", "userns"},
};

struct features {
	struct agent *agent;
	struct report_feature kernel[REPORT_FEATURES_MAX - ARRAY_LEN(CRIU_FEATURES)];
	size_t n_kernel;
	char cpu[REPORT_CPU_FEATURES_MAX];
	struct report_feature criu[ARRAY_LEN(CRIU_FEATURES)];
	size_t n_criu; /* asked */
	char of[24];   /* version of CRIU that was asked, or is being */
	char next[24]; /* version that is to be asked then */
	bool asking, tried;
};

/* ---- the kernel, on the pool ---- */

static void kernel_add(struct features *f, const char *name, bool available, const char *detail)
{
	struct report_feature *dst = &f->kernel[f->n_kernel++];

	*dst = (struct report_feature){.available = available};
	str_copy(dst->name, sizeof(dst->name), name);
	snprintf(dst->detail, sizeof(dst->detail), "%s", detail);
}

static void kernel_add_error(struct features *f, const char *name, int error)
{
	kernel_add(f, name, !error, error ? strerror(-error) : "");
}

static char *text_of(const char *path)
{
	char *text = NULL;
	int rc = io_read_file(path, TEXT_MAX, &text, NULL);

	if (rc)
		log_debug("not read", "path", path, "why", strerror(-rc));
	return text;
}

static void cgroups_try(struct features *f)
{
	auto_free char *mounts = text_of(NODE_MOUNTS), *own = text_of("/proc/self/cgroup");
	const char *kind = mounts ? feature_cgroups(mounts) : NULL;
	const char *driver = own ? feature_cgroup_driver(own) : NULL;

	kernel_add(f, "cgroups", kind, kind ? kind : "none are mounted");
	/* Outside a pod (a test) nobody has named our cgroup. */
	if (driver)
		kernel_add(f, "cgroupDriver", true, driver);
}

static void bpf_try(struct features *f)
{
	struct monitor_ability abilities[MONITOR_ABILITIES];
	auto_free char *lsms = text_of(NODE_LSMS);

	monitor_abilities(abilities);
	for (size_t i = 0; i < MONITOR_ABILITIES; i++) {
		/* Attached, its programs are called only when it is one of the modules that run. */
		if (str_eq(abilities[i].name, "bpfLsm") && !abilities[i].error && lsms &&
			!feature_in_list(lsms, "bpf"))
			kernel_add(f, "bpfLsm", false, "not in the lsm= list of the kernel's command line");
		else
			kernel_add_error(f, abilities[i].name, abilities[i].error);
	}
}

static void user_namespaces_try(struct features *f)
{
	auto_free char *text = text_of(USER_NAMESPACES);
	bool some = text && strtoul(text, NULL, 10) > 0;

	kernel_add(f, "userNamespaces", some,
		some ? "pods with hostUsers: false run, but are not guarded"
		     : USER_NAMESPACES " is 0 or absent");
}

static void kernel_try(void *arg)
{
	struct features *f = arg;
	auto_free char *cpuinfo = text_of("/proc/cpuinfo");

	cgroups_try(f);
	bpf_try(f);
	user_namespaces_try(f);
	kernel_add_error(f, "softDirty", memory_soft_dirty());
	kernel_add_error(f, "pagemapScan", memory_pagemap_scan());
	if (cpuinfo && feature_cpu(cpuinfo, f->cpu, sizeof(f->cpu)) == -ENAMETOOLONG)
		log_warn("the CPU names too many features: none is reported");
}

/* What is tried is complete in one step, seen from the loop's thread: it reads after this only. */
static void kernel_tried(void *arg)
{
	struct features *f = arg;

	f->tried = true;
	if (!f->agent->stopping)
		report_touch(f->agent->reporter);
}

/* ---- CRIU, one child after the other ---- */

static void criu_ask(struct features *f);

static void criu_begin(struct features *f)
{
	str_copy(f->of, sizeof(f->of), f->next);
	f->n_criu = 0;
	if (*f->of)
		criu_ask(f);
}

static void criu_answer(
	struct report_feature *dst, const char *name, int exit_code, const char *output, size_t len)
{
	*dst = (struct report_feature){.available = exit_code == 0};
	str_copy(dst->name, sizeof(dst->name), name);
	/* What else it says on the way is about other things that the kernel lacks. */
	if (exit_code && memmem(output, len, "Unknown feature", strlen("Unknown feature")))
		str_copy(dst->detail, sizeof(dst->detail), "not known to this CRIU");
}

static void on_criu(void *arg, int exit_code, const char *output, size_t len)
{
	struct features *f = arg;

	f->agent->works--;
	f->asking = false;
	if (f->agent->stopping)
		return;
	/* Not started, or killed by the deadline on a busy node: no answer; features_of_criu is called again.
	 */
	if (exit_code >= 126) {
		f->of[0] = '\0';
		f->n_criu = 0;
		return;
	}
	criu_answer(&f->criu[f->n_criu], CRIU_FEATURES[f->n_criu].name, exit_code, output, len);
	f->n_criu++;
	if (!str_eq(f->of, f->next))
		criu_begin(f);
	else if (f->n_criu < ARRAY_LEN(CRIU_FEATURES))
		criu_ask(f);
	else
		report_touch(f->agent->reporter);
}

static void criu_ask(struct features *f)
{
	const char *const argv[] = {"/proc/self/exe", PROBE_EXEC_ON_NODE, "criu", "check", "--feature",
		CRIU_FEATURES[f->n_criu].criu, NULL};
	const struct loop_spawn spawn = {
		.argv = argv, .deadline_ms = CRIU_DEADLINE_MS, .max_output = CRIU_OUTPUT_MAX};
	int rc = loop_spawn(f->agent->loop, &spawn, on_criu, f);

	if (rc) {
		log_warn("CRIU could not be asked for its features", "why", strerror(-rc));
		f->of[0] = f->next[0] = '\0';
		return;
	}
	f->asking = true;
	f->agent->works++;
}

void features_of_criu(struct features *f, const char *version)
{
	str_copy(f->next, sizeof(f->next), version);
	if (!f->asking && !str_eq(f->of, f->next))
		criu_begin(f);
}

/* ---- */

int features_new(struct agent *a, struct features **ret)
{
	struct features *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return -ENOMEM;
	f->agent = a;
	rc = agent_work(a, kernel_try, kernel_tried, f);
	if (rc) {
		free(f);
		return rc;
	}
	*ret = f;
	return 0;
}

void features_free(struct features *f)
{
	free(f);
}

void features_fill(const struct features *f, struct report *ret)
{
	size_t n = 0;

	if (f->tried) {
		str_copy(ret->cpu_features, sizeof(ret->cpu_features), f->cpu);
		memcpy(ret->features, f->kernel, f->n_kernel * sizeof(f->kernel[0]));
		n = f->n_kernel;
	}
	if (f->n_criu == ARRAY_LEN(CRIU_FEATURES)) {
		memcpy(&ret->features[n], f->criu, sizeof(f->criu));
		n += f->n_criu;
	}
	ret->n_features = n;
}
