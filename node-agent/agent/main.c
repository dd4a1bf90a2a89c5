/* SPDX-License-Identifier: Apache-2.0 */
/* escape-agent: flags with defaults from the environment, the loop, and an orderly end at SIGTERM. */
#include <argp.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>

#include "node-agent/agent/daemon.h"
#include "node-agent/agent/report/probe.h"

#define LARGE_BYTES (128 * 1024)

const char *argp_program_version = "escape-agent " ESCAPE_VERSION;

enum {
	OPT_STORE = 256,
	OPT_RUN,
	OPT_CGROUP,
	OPT_CNI,
	OPT_HTTP,
	OPT_LOG,
	OPT_STATE,
	OPT_KUBECONFIG,
	OPT_NODE,
	OPT_NAMESPACE
};

static const struct argp_option OPTIONS[] = {
	{"node-name", OPT_NODE, "NAME", 0, "Name of this node's Node object [$NODE_NAME]", 0},
	{"namespace", OPT_NAMESPACE, "NAME", 0,
		"Namespace of the agent itself [$POD_NAMESPACE, or the client's]", 0},
	{"store", OPT_STORE, "DIR", 0,
		"Directory that all nodes share [$ESCAPE_STORE, or /var/lib/escape/store]", 0},
	{"run-dir", OPT_RUN, "DIR", 0, "Where the keepers are [/run/escape]", 0},
	{"state-dir", OPT_STATE, "DIR", 0, "What outlives a reboot of the node [/var/lib/escape]", 0},
	{"cgroup-root", OPT_CGROUP, "DIR", 0, "Mount point of the cgroup hierarchies [/sys/fs/cgroup]", 0},
	{"cni-networks", OPT_CNI, "DIR", 0, "State of the host-local IPAM [/var/lib/cni/networks]", 0},
	{"http-port", OPT_HTTP, "PORT", 0, "Port of /metrics, /healthz and /readyz [9464]", 0},
	{"log-level", OPT_LOG, "LEVEL", 0, "debug, info, warn or error [$ESCAPE_LOG_LEVEL, or info]", 0},
	{"kubeconfig", OPT_KUBECONFIG, "FILE", 0, "Instead of the pod's service account", 0},
	{0},
};

struct options {
	struct agent_config cfg;
	const char *log_level;
};

static void port_parse(struct argp_state *state, const char *arg, int *ret)
{
	int64_t port;

	if (str_parse_i64(arg, 0, 65535, &port))
		argp_error(state, "--http-port: %s is not a port (0 to 65535)", arg);
	*ret = (int)port;
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_NODE:
		o->cfg.node = arg;
		break;
	case OPT_NAMESPACE:
		o->cfg.namespace_ = arg;
		break;
	case OPT_STORE:
		o->cfg.store_dir = arg;
		break;
	case OPT_RUN:
		o->cfg.run_dir = arg;
		break;
	case OPT_STATE:
		o->cfg.state_dir = arg;
		break;
	case OPT_CGROUP:
		o->cfg.cgroup_root = arg;
		break;
	case OPT_CNI:
		o->cfg.cni_dir = arg;
		break;
	case OPT_HTTP:
		port_parse(state, arg, &o->cfg.http_port);
		break;
	case OPT_LOG:
		o->log_level = arg;
		break;
	case OPT_KUBECONFIG:
		o->cfg.kubeconfig = arg;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument: %s", arg);
		break;
	case ARGP_KEY_END:
		if (!str_is_dns_name(o->cfg.node, true))
			argp_error(state, "--node-name or $NODE_NAME must be the name of this node");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const char *env_or(const char *name, const char *dflt)
{
	const char *value = getenv(name);

	return value && *value ? value : dflt;
}

static void on_signal(void *arg, int signum)
{
	(void)signum;
	loop_stop(arg);
}

static int run(struct loop *l, const struct agent_config *cfg)
{
	struct loop_signal *term = NULL, *intr = NULL;
	struct agent *a = NULL;
	struct err e = {0};
	int rc = loop_signal_new(l, SIGTERM, on_signal, l, &term);

	if (!rc)
		rc = loop_signal_new(l, SIGINT, on_signal, l, &intr);
	if (!rc)
		rc = agent_new(l, cfg, &a, &e);
	if (rc) {
		log_error("cannot start", "reason", e.reason, "why", e.message);
	} else {
		log_info("escape-agent runs", "node", cfg->node, "version", ESCAPE_VERSION);
		loop_run(l);
		log_info("stopping; containers stay as they are");
	}
	agent_free(a);
	loop_signal_free(term);
	loop_signal_free(intr);
	return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {OPTIONS, on_option, NULL,
		"The agent of one node: watches protected containers, freezes what is attacked, takes "
		"snapshots, rolls back and moves.",
		NULL, NULL, NULL};
	struct options o = {
		.cfg = {.node = env_or("NODE_NAME", ""),
			.namespace_ = env_or("POD_NAMESPACE", "escape-system"),
			.run_dir = "/run/escape",
			.state_dir = "/var/lib/escape",
			.store_dir = env_or("ESCAPE_STORE", "/var/lib/escape/store"),
			.cgroup_root = "/sys/fs/cgroup",
			.cni_dir = "/var/lib/cni/networks",
			.http_port = 9464},
		.log_level = env_or("ESCAPE_LOG_LEVEL", "info"),
	};
	enum log_level level;
	struct loop *l = NULL;
	int rc;

	if (argc > 2 && str_eq(argv[1], PROBE_EXEC_ON_NODE))
		return probe_exec_on_node(argv + 2);
	/* Left alone, glibc learns from the first kernel BTF that is freed to keep such blocks: 11 MiB. */
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (log_level_parse(o.log_level, &level)) {
		log_error("unknown log level", "level", o.log_level);
		return 2;
	}
	log_set_level(level);
	signal(SIGPIPE, SIG_IGN);
	if (loop_new(&l)) {
		log_error("no event loop");
		return 1;
	}
	rc = run(l, &o.cfg);
	loop_free(l);
	return rc;
}
