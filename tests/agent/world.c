/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include <base/base64.h>
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/log.h>
#include <base/str.h>
#include <string.h>
#include <sys/stat.h>

#include "node-agent/agent/keepers/fence.h"
#include "node-agent/agent/snapshots/storekey.h"
#include "watchdog.h"

enum { LIMIT_MS = 30000, SMALL = 1 << 16 };

static const unsigned char KEY[STORAGE_KEY_SIZE] = "0123456789abcdef0123456789abcde";

static struct json *parse(const char *text)
{
	auto_free char *copy = strdup(text);
	struct json *j = NULL;
	struct err e;

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	if (json_parse(copy, strlen(copy), SMALL, &j, &e))
		fail_msg("%s: %s", e.message, text);
	return j;
}

struct outcome {
	unsigned calls;
	struct err err;
	struct json *object;
};

static void on_done(void *arg, const struct json *object, const struct err *e)
{
	struct outcome *o = arg;

	o->calls++;
	o->err = e ? *e : (struct err){0};
	o->object = object ? json_dup(object) : NULL;
}

static void outcome_good(struct world *w, struct outcome *o)
{
	watchdog_run(w->loop, &o->calls, 1);
	json_free(o->object);
	if (o->err.code)
		fail_msg("%s: %s", o->err.reason, o->err.message);
}

void world_create(struct world *w, const struct kube_resource *r, const char *namespace_, const char *json)
{
	auto_json struct json *j = parse(json);
	struct outcome o = {0};

	if (namespace_)
		json_set_str(json_obj_at(j, "metadata"), "namespace", namespace_);
	assert_int_equal(kube_create(w->operator_, r, namespace_, NULL, j, on_done, &o), 0);
	outcome_good(w, &o);
}

void world_patch(struct world *w, const struct kube_resource *r, const char *namespace_, const char *name,
	const char *sub, const char *json)
{
	auto_json struct json *j = parse(json);
	struct outcome o = {0};

	assert_int_equal(
		kube_patch(w->operator_, r, namespace_, name, sub, KUBE_PATCH_MERGE, j, on_done, &o), 0);
	outcome_good(w, &o);
}

struct json *world_get(
	struct world *w, const struct kube_resource *r, const char *namespace_, const char *name)
{
	struct outcome o = {0};

	assert_int_equal(kube_get(w->operator_, r, namespace_, name, on_done, &o), 0);
	watchdog_run(w->loop, &o.calls, 1);
	return o.object;
}

size_t world_count(struct world *w, const struct kube_resource *r)
{
	struct outcome o = {0};
	size_t n;

	assert_int_equal(kube_list(w->operator_, r, NULL, NULL, NULL, on_done, &o), 0);
	watchdog_run(w->loop, &o.calls, 1);
	n = json_len(json_at(o.object, "items"));
	json_free(o.object);
	return n;
}

void world_delete(struct world *w, const struct kube_resource *r, const char *namespace_, const char *name)
{
	struct outcome o = {0};

	assert_int_equal(kube_delete(w->operator_, r, namespace_, name, NULL, on_done, &o), 0);
	outcome_good(w, &o);
}

bool world_phase_is(struct world *w, const char *name, enum escape_phase phase)
{
	auto_json struct json *x = world_get(w, &API_ESCAPES, "default", name);

	return str_eq(json_str_at(x, "status.phase", "Pending"), ESCAPE_PHASE_NAMES[phase]);
}

static void on_late(void *arg)
{
	*(bool *)arg = true;
}

static void on_look(void *arg)
{
	(void)arg;
}

void world_until(struct world *w, bool (*done)(struct world *w), const char *what)
{
	struct loop_timer *late = NULL, *look = NULL;
	bool over = false;

	assert_int_equal(loop_timer_new(w->loop, on_late, &over, &late), 0);
	assert_int_equal(loop_timer_new(w->loop, on_look, NULL, &look), 0);
	assert_int_equal(loop_timer_start(late, LIMIT_MS, 0), 0);
	assert_int_equal(loop_timer_start(look, 20, 20), 0);
	while (!over && !done(w))
		loop_turn(w->loop, true);
	loop_timer_free(late);
	loop_timer_free(look);
	if (over)
		fail_msg("waited %d ms in vain: %s", LIMIT_MS, what);
}

static void secret_create(struct world *w)
{
	auto_free char *key = base64_encode(KEY, sizeof(KEY));
	auto_free char *text = str_dup_fmt(
		"{'metadata':{'name':'%s'},'data':{'%s':'%s'}}", STOREKEY_SECRET, STOREKEY_ENTRY, key);

	world_create(w, &KUBE_SECRETS, "escape-system", text);
}

static void objects_create(struct world *w)
{
	secret_create(w);
	world_create(w, &API_POLICIES, "default",
		"{'metadata':{'name':'guard','uid':'p-1','creationTimestamp':'2026-01-01T00:00:00Z'},'spec':{"
		"'selector':"
		"{'matchLabels':{'app':'prey'}},'detection':{'threshold':5,'learning':{'minEpochs':3,'"
		"stableFor':2}},"
		"'response':{'snapshotInterval':'1h','safeAfter':'1s'}}}");
	world_create(w, &KUBE_NODES, NULL,
		"{'metadata':{'name':'node-a'},'status':{'addresses':[{'type':'InternalIP','address':'10.0.0."
		"1'}]}}");
	world_create(w, &KUBE_NODES, NULL,
		"{'metadata':{'name':'node-b'},'status':{'addresses':[{'type':'InternalIP','address':'10.0.0."
		"2'}]}}");
	world_create(w, &KUBE_PODS, "default",
		"{'metadata':{'name':'prey','uid':'" POD_UID
		"','labels':{'app':'prey'}},'spec':{'nodeName':'node-a',"
		"'runtimeClassName':'escape','containers':[{'name':'app','image':'local/prey:1'}]},"
		"'status':{'phase':'Running','podIPs':[{'ip':'10.244.1.5'}],'containerStatuses':[{'name':'"
		"app',"
		"'containerID':'containerd://c1','imageID':'local/prey@sha256:1'}]}}");
}

static void api_start(struct world *w)
{
	const char *url = fake_api_start(w->api);
	const struct kube_config config = {.server = (char *)url, .namespace_ = (char *)"default"};
	auto_free char *text = str_dup_fmt(
		"apiVersion: v1\nkind: Config\ncurrent-context: t\nclusters:\n- name: t\n  cluster: {server: "
		"\"%s\"}\n"
		"contexts:\n- name: t\n  context: {cluster: t, user: t}\nusers:\n- name: t\n  user: {}\n",
		url);
	struct err e;

	assert_int_equal(io_write_file_atomic(w->config, text, strlen(text), 0600), 0);
	if (kube_client_new(w->loop, &config, &w->operator_, &e))
		fail_msg("%s", e.message);
}

static void agent_start(struct world *w)
{
	struct err e = {0};

	if (agent_new(w->loop, &w->cfg, &w->agent, &e))
		fail_msg("%s", e.message);
}

int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e;

	log_set_level(getenv("ESCAPE_TEST_LOG") ? LOG_DEBUG_ : LOG_ERROR_);
	str_copy(w->root, sizeof(w->root), "/tmp/escape-world-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	str_fmt(w->run, sizeof(w->run), "%s/run", w->root);
	str_fmt(w->containers, sizeof(w->containers), "%s/containers", w->run);
	str_fmt(w->store, sizeof(w->store), "%s/store", w->root);
	str_fmt(w->config, sizeof(w->config), "%s/config", w->root);
	assert_int_equal(io_mkdirs(w->containers, 0700), 0);
	assert_int_equal(io_mkdirs(w->store, 0700), 0);
	w->cfg = (struct agent_config){
		.node = "node-a",
		.namespace_ = "escape-system",
		.run_dir = w->run,
		.state_dir = w->run,
		.store_dir = w->store,
		.cgroup_root = "/nonexistent",
		.cni_dir = "/nonexistent",
		.kubeconfig = w->config,
	};
	assert_int_equal(loop_new(&w->loop), 0);
	if (storage_open(w->store, KEY, &w->storage, &e))
		fail_msg("%s", e.message);
	w->api = fake_api_new();
	w->keeper.listen_fd = -1;
	fake_net_forget();
	*state = w;
	return 0;
}

void world_begin(struct world *w)
{
	api_start(w);
	objects_create(w);
	agent_start(w);
}

static void stop(struct world *w)
{
	agent_free(w->agent);
	w->agent = NULL;
	kube_client_free(w->operator_);
	fake_api_stop(w->api);
}

void world_restart(struct world *w)
{
	stop(w);
	api_start(w);
	agent_start(w);
}

int world_teardown(void **state)
{
	struct world *w = *state;

	fake_api_cut(w->api, false);
	stop(w);
	fake_keeper_stop(&w->keeper);
	storage_close(w->storage);
	loop_free(w->loop);
	fake_api_free(w->api);
	io_remove_tree(w->root);
	free(w);
	return 0;
}

static void ids_fill(struct storage_ids *ids, const char *uid, const char *container)
{
	str_copy(ids->namespace_, sizeof(ids->namespace_), "default");
	str_copy(ids->pod_uid, sizeof(ids->pod_uid), uid);
	str_copy(ids->container, sizeof(ids->container), container);
	str_copy(ids->image, sizeof(ids->image), "local/prey:1");
}

void world_snapshot_also(struct world *w, const char *uid, const char *container, const char *generation)
{
	struct storage_ids ids;
	char path[STORAGE_PATH_MAX], file[STORAGE_PATH_MAX + 32];
	bool sealed;
	struct err e;

	ids_fill(&ids, uid, container);
	if (storage_begin(w->storage, &ids, generation, path, &sealed, &e))
		fail_msg("%s", e.message);
	str_fmt(file, sizeof(file), "%s/img", path);
	assert_int_equal(io_mkdirs(file, 0700), 0);
	str_fmt(file, sizeof(file), "%s/img/pages-1.img", path);
	assert_int_equal(io_write_file_atomic(file, generation, strlen(generation), 0600), 0);
	str_fmt(file, sizeof(file), "%s/upper.tar", path);
	assert_int_equal(io_write_file_atomic(file, "upper", 5, 0600), 0);
	if (storage_seal(w->storage, &ids, generation, clock_wall_ms(), false, &e))
		fail_msg("%s", e.message);
}

void world_snapshot(
	struct world *w, const char *uid, int64_t age_ms, char generation[static STORAGE_GENERATION_MAX])
{
	storage_generation(generation, clock_wall_ms() - age_ms, uid);
	world_snapshot_also(w, uid, "app", generation);
}

void world_spoil(struct world *w, const char *uid, const char *generation)
{
	char file[STORAGE_PATH_MAX];

	str_fmt(file, sizeof(file), "%s/default/%s/app/%s/img/pages-1.img", w->store, uid, generation);
	assert_int_equal(io_write_file_atomic(file, "0000000000000-00000000", 22, 0600), 0);
}

bool world_has_dump(struct world *w, const char *uid, const char *generation)
{
	char path[STORAGE_PATH_MAX];
	struct storage_ids ids;

	ids_fill(&ids, uid, "app");
	return !storage_verify(w->storage, &ids, generation, path, NULL);
}

void world_keeper(struct world *w, struct fake_keeper *k, const char *id, const char *pod, const char *uid,
	enum keeper_state state)
{
	memset(k, 0, sizeof(*k));
	str_copy(k->reply.pod_namespace, sizeof(k->reply.pod_namespace), "default");
	str_copy(k->reply.pod_name, sizeof(k->reply.pod_name), pod);
	str_copy(k->reply.pod_uid, sizeof(k->reply.pod_uid), uid);
	str_copy(k->reply.container, sizeof(k->reply.container), "app");
	str_copy(k->reply.image, sizeof(k->reply.image), "local/prey:1");
	/* No such process: whoever would touch it fails. */
	k->reply.init_pid = 99990000;
	k->reply.state = state;
	fake_keeper_start(k, w->loop, w->containers, id);
}

bool world_fenced(struct world *w, const char *uid)
{
	char dir[128];

	str_fmt(dir, sizeof(dir), "%s/fences", w->run);
	return fence_stands(dir, uid);
}
