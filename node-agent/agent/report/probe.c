/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/report/probe.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>

#include "node-agent/agent/report/features.h"
#include "node-agent/agent/report/report.h"

#define PROBE_EVERY_MS 60000
#define PROBE_DEADLINE_MS 10000
#define PROBE_OUTPUT_MAX 4096
#define CPUINFO_MAX 65536
/* Where nodes keep their tools, and where the chart puts escape-runc. */
#define NODE_PATH "PATH=/opt/escape/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct tool {
	struct probe *probe;
	const char *program, *argument;
	const char *prefix; /* of the line with the version */
	int major, minor;   /* required at least */
	const char *remedy;
	struct version version;
	struct err err;
};

enum { TOOL_CRIU, TOOL_RUNC, TOOL_ESCAPE_RUNC, TOOLS };

struct probe {
	struct agent *agent;
	struct loop_timer *timer;
	struct features *features;
	struct tool tools[TOOLS];
	struct err kernel, store;
	char kernel_name[96], cpu[96];
	struct report_condition conditions[4]; /* as of the last change */
	size_t n_conditions;
};

int probe_exec_on_node(char *const *argv)
{
	static char path[] = NODE_PATH;
	int fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);

	/* setns changes root and working directory to those of the namespace as well. */
	if (fd < 0 || setns(fd, CLONE_NEWNS) || chdir("/") || putenv(path)) {
		dprintf(STDERR_FILENO, "cannot enter the node's mount namespace: %s\n", strerror(errno));
		return 126;
	}
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	return 127;
}

static void tool_judge(struct tool *t, int exit_code, const char *output, size_t len)
{
	size_t line = 0;

	/* Killed by the deadline, on a node that is very busy: what was known stands. */
	if (exit_code > 127)
		return;
	err_clear(&t->err);
	while (line < len && output[line] != '\n')
		line++;
	if (exit_code)
		err_set(&t->err, -ENOENT, "Missing", "%s %s on the node says: %.*s. %s", t->program,
			t->argument, (int)(line < 80 ? line : 80), output, t->remedy);
	else if (version_find(output, len, t->prefix, &t->version))
		err_set(&t->err, -EINVAL, "NotUnderstood", "%s on the node does not tell its version. %s",
			t->program, t->remedy);
	else if (!version_at_least(&t->version, t->major, t->minor))
		err_set(&t->err, -ENOTSUP, "TooOld", "%s on the node is %s. %s", t->program, t->version.text,
			t->remedy);
}

static void on_tool(void *arg, int exit_code, const char *output, size_t len)
{
	struct tool *t = arg;
	struct probe *p = t->probe;

	p->agent->works--;
	if (p->agent->stopping)
		return;
	tool_judge(t, exit_code, output, len);
	if (t == &p->tools[TOOL_CRIU])
		features_of_criu(p->features, t->err.code == -ENOENT ? "" : t->version.text);
	report_touch(p->agent->reporter);
}

static void tool_ask(struct tool *t)
{
	const char *const argv[] = {"/proc/self/exe", PROBE_EXEC_ON_NODE, t->program, t->argument, NULL};
	const struct loop_spawn spawn = {
		.argv = argv, .deadline_ms = PROBE_DEADLINE_MS, .max_output = PROBE_OUTPUT_MAX};
	int rc = loop_spawn(t->probe->agent->loop, &spawn, on_tool, t);

	if (rc)
		err_set(&t->err, rc, "Missing", "%s could not be asked for its version: %s", t->program,
			strerror(-rc));
	else
		t->probe->agent->works++;
}

static void on_timer(void *arg)
{
	struct probe *p = arg;

	for (size_t i = 0; i < TOOLS; i++)
		tool_ask(&p->tools[i]);
}

/* "model name	: Intel(R) ..." on x86; other machines may have none. */
static void cpu_read(char *dst, size_t size)
{
	auto_free char *text = NULL;
	const char *line;

	if (io_read_file("/proc/cpuinfo", CPUINFO_MAX, &text, NULL) == -EFBIG || !text)
		return;
	line = strstr(text, "model name");
	line = line ? strchr(line, ':') : NULL;
	if (line)
		snprintf(dst, size, "%.*s", (int)strcspn(line + 2, "\n"), line + 2);
}

static void tools_init(struct probe *p)
{
	p->tools[TOOL_CRIU] = (struct tool){.probe = p,
		.program = "criu",
		.argument = "--version",
		.prefix = "Version: ",
		.major = 4,
		.minor = 2,
		.remedy = "Install CRIU 4.2 or newer on the node."};
	p->tools[TOOL_RUNC] = (struct tool){.probe = p,
		.program = "runc",
		.argument = "--version",
		.prefix = "runc version ",
		.major = 1,
		.minor = 1,
		.remedy = "Install runc 1.1 or newer on the node."};
	p->tools[TOOL_ESCAPE_RUNC] = (struct tool){.probe = p,
		.program = "escape-runc",
		.argument = "--escape-version",
		.prefix = "escape-runc ",
		.major = 0,
		.minor = 0,
		.remedy = "The agent's init container installs it; see the DaemonSet."};
	for (size_t i = 0; i < TOOLS; i++)
		err_set(&p->tools[i].err, -EAGAIN, "NotAsked", "%s was not asked for its version yet",
			p->tools[i].program);
}

int probe_new(struct agent *a, struct probe **ret)
{
	struct probe *p = calloc(1, sizeof(*p));
	struct utsname u;
	int rc;

	if (!p)
		return -ENOMEM;
	p->agent = a;
	tools_init(p);
	err_set(&p->store, -EAGAIN, "StoreKeyMissing",
		"the Secret escape-store-key was not read yet; the operator creates it in the agent's "
		"namespace");
	if (!uname(&u))
		str_copy(p->kernel_name, sizeof(p->kernel_name), u.release);
	cpu_read(p->cpu, sizeof(p->cpu));
	rc = loop_timer_new(a->loop, on_timer, p, &p->timer);
	if (!rc)
		rc = loop_timer_start(p->timer, 1, PROBE_EVERY_MS);
	/* Last: its work cannot be taken back. */
	if (!rc)
		rc = features_new(a, &p->features);
	if (rc) {
		probe_free(p);
		return rc;
	}
	*ret = p;
	return 0;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	loop_timer_free(p->timer);
	features_free(p->features);
	free(p);
}

void probe_kernel(struct probe *p, const struct err *kernel)
{
	err_clear(&p->kernel);
	if (kernel)
		p->kernel = *kernel;
	report_touch(p->agent->reporter);
}

void probe_store(struct probe *p, const struct err *store)
{
	err_clear(&p->store);
	if (store)
		p->store = *store;
	report_touch(p->agent->reporter);
}

static const struct err *runtime_error(const struct probe *p)
{
	for (size_t i = 0; i < TOOLS; i++)
		if (p->tools[i].err.code)
			return &p->tools[i].err;
	return NULL;
}

bool probe_can_restore(const struct probe *p)
{
	return !runtime_error(p) && !p->store.code;
}

/* The transition time moves only when the status does. */
static void condition_set(
	struct probe *p, size_t i, const char *type, const struct err *e, const char *reason_prefix)
{
	struct report_condition *c = &p->conditions[i];
	const char *status = e ? "False" : "True";
	int64_t since = str_eq(c->status, status) ? c->since_ms : clock_wall_ms();

	*c = (struct report_condition){.since_ms = since};
	str_copy(c->type, sizeof(c->type), type);
	str_copy(c->status, sizeof(c->status), status);
	if (e)
		snprintf(c->reason, sizeof(c->reason), "%.20s%.40s", reason_prefix, e->reason);
	else
		str_copy(c->reason, sizeof(c->reason), "AsExpected");
	snprintf(c->message, sizeof(c->message), "%.250s", e ? e->message : "");
	p->n_conditions = i + 1 > p->n_conditions ? i + 1 : p->n_conditions;
}

static const char *tool_prefix(const struct probe *p, const struct err *e)
{
	if (e == &p->tools[TOOL_CRIU].err)
		return "CRIU";
	return e == &p->tools[TOOL_RUNC].err          ? "Runc"
	       : e == &p->tools[TOOL_ESCAPE_RUNC].err ? "EscapeRunc"
						      : "";
}

static void conditions_make(struct probe *p)
{
	const struct err *kernel = p->kernel.code ? &p->kernel : NULL;
	const struct err *runtime = runtime_error(p);
	const struct err *store = p->store.code ? &p->store : NULL;
	const struct err *first = kernel ? kernel : runtime ? runtime : store;

	condition_set(p, 0, "Ready", first, tool_prefix(p, first));
	condition_set(p, 1, "KernelReady", kernel, "");
	condition_set(p, 2, "RuntimeReady", runtime, tool_prefix(p, runtime));
	condition_set(p, 3, "StoreReady", store, "");
}

void probe_fill(struct probe *p, struct report *ret)
{
	conditions_make(p);
	str_copy(ret->kernel, sizeof(ret->kernel), p->kernel_name);
	str_copy(ret->cpu_model, sizeof(ret->cpu_model), p->cpu);
	str_copy(ret->criu_version, sizeof(ret->criu_version), p->tools[TOOL_CRIU].version.text);
	str_copy(ret->runc_version, sizeof(ret->runc_version), p->tools[TOOL_RUNC].version.text);
	ret->can_detect = !p->kernel.code;
	ret->can_restore = probe_can_restore(p);
	memcpy(ret->conditions, p->conditions, sizeof(p->conditions));
	ret->n_conditions = p->n_conditions;
	features_fill(p->features, ret);
}
