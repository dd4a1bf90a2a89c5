/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <arpa/inet.h>
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define PATIENCE_MS 30000

struct json *rig_get(struct rig *r, const char *path)
{
	struct json *object = NULL;

	if (fake_api_call(r->api, "GET", path, NULL, &object) == 200)
		return object;
	json_free(object);
	return NULL;
}

void rig_call(struct rig *r, const char *method, const char *path, const char *fmt, ...)
{
	auto_free char *text = NULL;
	auto_json struct json *body = NULL;
	struct err e = {0};
	va_list ap;
	int status;

	va_start(ap, fmt);
	assert_true(vasprintf(&text, fmt, ap) >= 0);
	va_end(ap);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	if (json_parse(text, strlen(text), 1 << 20, &body, &e))
		fail_msg("%s in %s", e.message, text);
	status = fake_api_call(r->api, method, path, body, NULL);
	if (status != 200 && status != 201)
		fail_msg("%s %s: %d", method, path, status);
}

void rig_pod_ready(struct rig *r, const char *name, const char *node)
{
	char path[200];

	str_fmt(path, sizeof(path), "/api/v1/namespaces/shop/pods/%s", name);
	rig_call(r, "PATCH", path, "{'spec':{'nodeName':'%s'}}", node);
	str_fmt(path, sizeof(path), "/api/v1/namespaces/shop/pods/%s/status", name);
	rig_call(r, "PATCH", path,
		"{'status':{'phase':'Running','podIP':'10.0.0.7','conditions':[{'type':'Ready','status':'"
		"True'}]}}");
}

void rig_pod(struct rig *r, const char *name, const char *node, bool of_replicaset)
{
	rig_call(r, "POST", "/api/v1/namespaces/shop/pods",
		"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'%s','labels':{'app':'shop'}%s},'spec':{"
		"'runtimeClassName':'escape','containers':[{'name':'app','image':'i'}]}}",
		name,
		of_replicaset ? ",'ownerReferences':[{'apiVersion':'apps/"
				"v1','kind':'ReplicaSet','name':'rs','uid':'5',"
				"'controller':true}]"
			      : "");
	rig_pod_ready(r, name, node);
}

void rig_report(struct rig *r, const char *node, const char *anomaly, const char *pod)
{
	char path[200], now[CLOCK_RFC3339_MAX], list[600] = "", pod_path[200];
	auto_json struct json *object = NULL;

	clock_format_micro(clock_wall_ms(), now);
	if (pod) {
		str_fmt(pod_path, sizeof(pod_path), "/api/v1/namespaces/shop/pods/%s", pod);
		object = rig_get(r, pod_path);
		str_fmt(list, sizeof(list),
			"{'id':'%s','namespace':'shop','pod':'%s','podUID':'%s','container':'app','"
			"mismatches':73,"
			"'threshold':50,'epoch':9,'detectedAt':'%s','frozenAt':'%s','comm':'sh'}",
			anomaly, pod, json_str_at(object, "metadata.uid", ""), now, now);
	}
	str_fmt(path, sizeof(path), "/apis/escape.dev/v1alpha1/nodereports/%s/status", node);
	rig_call(r, "PATCH", path,
		"{'status':{'heartbeat':'%s','canDetect':true,'canRestore':true,'detectionMs':10,'anomalies':"
		"[%s]}}",
		now, list);
}

static void rig_node(struct rig *r, const char *name)
{
	rig_call(r, "POST", "/api/v1/nodes",
		"{'apiVersion':'v1','kind':'Node','metadata':{'name':'%s'},'status':{'allocatable':{'cpu':'4'"
		",'memory':'8Gi','pods':'110'},'conditions':[{'type':'"
		"Ready',"
		"'status':'True'}]}}",
		name);
	rig_call(r, "POST", "/apis/escape.dev/v1alpha1/nodereports",
		"{'apiVersion':'escape.dev/v1alpha1','kind':'NodeReport','metadata':{'name':'%s'}}", name);
	rig_report(r, name, NULL, NULL);
}

void rig_begin(struct rig *r, const char *policy_spec)
{
	static const char *const NODES[] = {"node-a", "node-b", "node-c"};

	memset(r, 0, sizeof(*r));
	str_copy(r->dir, sizeof(r->dir), "/tmp/escape-operator-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	r->api = fake_api_start();
	for (size_t i = 0; i < ARRAY_LEN(NODES); i++)
		rig_node(r, NODES[i]);
	rig_call(r, "POST", "/apis/escape.dev/v1alpha1/namespaces/shop/escapepolicies",
		"{'apiVersion':'escape.dev/"
		"v1alpha1','kind':'EscapePolicy','metadata':{'name':'policy'},'spec':{"
		"'selector':{'matchLabels':{'app':'shop'}}%s%s}}",
		*policy_spec ? "," : "", policy_spec);
	rig_call(r, "POST", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
		"{'metadata':{'name':'escape-operator'},'webhooks':[{'name':'pods.escape.dev','clientConfig':"
		"{"
		"'service':{'name':'escape-operator'}}}]}");
}

void rig_end(struct rig *r)
{
	if (r->pid) {
		rig_operator_signal(r, SIGTERM);
		assert_int_equal(rig_operator_wait(r), 0);
	}
	fake_api_stop(r->api);
	assert_int_equal(io_remove_tree(r->dir), 0);
}

/* A port that was free a moment ago. */
static int free_port(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	return ntohs(addr.sin_port);
}

static void kubeconfig_write(struct rig *r, char path[static 100])
{
	char text[400];

	str_fmt(path, 100, "%s/kubeconfig", r->dir);
	str_fmt(text, sizeof(text),
		"apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{name: c, cluster: {server: "
		"'http://127.0.0.1:%d'}}]\nusers: [{name: u, user: {}}]\ncontexts: [{name: x, context: "
		"{cluster: c, user: "
		"u}}]\n",
		fake_api_port(r->api));
	assert_int_equal(io_write_file_atomic(path, text, strlen(text), 0600), 0);
}

static void exec_operator(struct rig *r, const char *const *args)
{
	char http[40], webhook[40], alerts[40], path[100], kubeconfig[120], log[100];
	const char *argv[24] = {OPERATOR_PATH, "--namespace=escape-system", "--address=127.0.0.1",
		"--log-level=debug", http, webhook, alerts, kubeconfig};
	size_t n = 8;
	int fd;

	str_fmt(http, sizeof(http), "--http-port=%d", r->http_port);
	str_fmt(webhook, sizeof(webhook), "--webhook-port=%d", r->webhook_port);
	str_fmt(alerts, sizeof(alerts), "--alerts-port=%d", r->alerts_port);
	str_fmt(path, sizeof(path), "%s/kubeconfig", r->dir);
	str_fmt(kubeconfig, sizeof(kubeconfig), "--kubeconfig=%s", path);
	str_fmt(log, sizeof(log), "%s/log", r->dir);
	for (; args && *args; args++)
		argv[n++] = *args;
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

void rig_operator_start(struct rig *r, const char *const *args)
{
	char path[100];

	kubeconfig_write(r, path);
	r->http_port = free_port();
	r->webhook_port = free_port();
	r->alerts_port = free_port();
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0)
		exec_operator(r, args);
}

void rig_operator_signal(struct rig *r, int signum)
{
	assert_int_equal(kill(r->pid, signum), 0);
}

int rig_operator_wait(struct rig *r)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(r->pid, &status, WNOHANG)) == 0 && clock_monotonic_ms() < until)
		poll(NULL, 0, 5);
	if (pid == 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, &status, 0);
	}
	r->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void log_show(struct rig *r)
{
	char path[100];
	auto_free char *text = NULL;

	str_fmt(path, sizeof(path), "%s/log", r->dir);
	if (!io_read_file(path, 16 << 20, &text, NULL))
		print_error("%s", text);
}

void rig_wait(struct rig *r, rig_check check, const void *arg, const char *what)
{
	int64_t until = clock_monotonic_ms() + PATIENCE_MS;

	while (!check(r, arg)) {
		if (clock_monotonic_ms() < until) {
			poll(NULL, 0, 5);
			continue;
		}
		log_show(r);
		fail_msg("it did not come: %s", what);
	}
}

/* Remembers the newest one of the count that was asked for. */
static bool escapes_are(struct rig *r, const void *arg)
{
	auto_json struct json *list = rig_get(r, "/apis/escape.dev/v1alpha1/escapes");
	const struct json *newest = json_first(json_member(list, "items"));

	if (json_len(json_member(list, "items")) != *(const size_t *)arg)
		return false;
	str_fmt(r->escape, sizeof(r->escape), "/apis/escape.dev/v1alpha1/namespaces/shop/escapes/%s",
		json_str_at(newest, "metadata.name", ""));
	return true;
}

void rig_wait_escapes(struct rig *r, size_t n)
{
	rig_wait(r, escapes_are, &n, "the Escape");
}

struct expectation {
	const char *path, *member, *value;
};

static bool value_is(struct rig *r, const void *arg)
{
	const struct expectation *x = arg;
	auto_json struct json *object = rig_get(r, x->path);
	const struct json *member = json_at(object, x->member);

	if (json_is_bool(member))
		return str_eq(x->value, json_bool_at(object, x->member, false) ? "true" : "false");
	return str_eq(json_str_at(object, x->member, ""), x->value);
}

void rig_wait_value(struct rig *r, const char *path, const char *member, const char *value)
{
	const struct expectation x = {path, member, value};
	auto_free char *what = str_dup_fmt("%s %s = %s", path, member, value);

	rig_wait(r, value_is, &x, what);
}

void rig_wait_phase(struct rig *r, const char *phase)
{
	rig_wait_value(r, r->escape, "status.phase", phase);
}

static bool step_taken(struct rig *r, const void *arg)
{
	auto_json struct json *object = rig_get(r, r->escape);
	auto_json struct json *patch = json_new_obj();
	auto_free char *path = str_dup_fmt("%s/status", r->escape);

	json_set_str(json_obj_at(patch, "metadata"), "resourceVersion",
		json_str_at(object, "metadata.resourceVersion", ""));
	json_set_str(json_obj_at(patch, "status"), "phase", arg);
	return fake_api_call(r->api, "PATCH", path, patch, NULL) == 200;
}

void rig_step(struct rig *r, const char *phase)
{
	rig_wait(r, step_taken, phase, phase);
}

int rig_http(struct rig *r, const char *path, char *body, size_t size)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)r->http_port)};
	auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char request[200], answer[65536];
	size_t len = 0;
	ssize_t n;
	int status = 0;

	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return 0;
	str_fmt(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	if (io_write_all(fd, request, strlen(request)))
		return 0;
	while ((n = read(fd, answer + len, sizeof(answer) - 1 - len)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	if (len > 12 && str_starts(answer, "HTTP/1."))
		status = (int)strtol(answer + 9, NULL, 10);
	if (body)
		snprintf(body, size, "%s", strstr(answer, "\r\n\r\n") ? strstr(answer, "\r\n\r\n") + 4 : "");
	return status;
}
