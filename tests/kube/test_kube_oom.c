/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../base/oom.h"

#include <base/buf.h>
#include <errno.h>
#include <kube/cache.h>
#include <kube/config_priv.h>
#include <kube/lease_plan.h>
#include <kube/queue.h>
#include <kube/resource.h>
#include <kube/status.h>
#include <string.h>

static const char KUBECONFIG[] = "current-context: one\n"
				 "contexts: [{name: one, context: {cluster: c, user: u}}]\n"
				 "clusters: [{name: c, cluster: {server: 'https://k'}}]\n"
				 "users: [{name: u, user: {token: t}}]\n";

static int use_config(void)
{
	struct kube_config_source source = {.text = KUBECONFIG, .len = sizeof(KUBECONFIG) - 1};
	struct kube_config c = {0}, copy = {0};
	int rc = kube_config_parse(&source, 1, NULL, &c, NULL);

	if (rc)
		return rc;
	rc = kube_config_copy(&c, &copy);
	kube_config_free(&c);
	kube_config_free(&copy);
	return rc;
}

static int put(struct kube_cache *c, const char *text)
{
	struct kube_cache_change change;
	struct json *root = NULL;
	int rc = json_parse(text, strlen(text), 4096, &root, NULL);

	if (rc)
		return rc;
	kube_cache_remove_other(c, root, &change);
	return kube_cache_put(c, root, root, &change);
}

static int use_cache(void)
{
	struct kube_cache *c = NULL;
	struct kube_cache_change change;
	int rc = kube_cache_new(&c);

	if (!rc)
		rc = put(c, "{\"metadata\":{\"name\":\"a\",\"uid\":\"1\",\"resourceVersion\":\"1\"}}");
	if (!rc)
		rc = put(c, "{\"metadata\":{\"name\":\"a\",\"uid\":\"1\",\"resourceVersion\":\"2\"}}");
	if (!rc)
		rc = put(c, "{\"metadata\":{\"name\":\"a\",\"uid\":\"2\",\"resourceVersion\":\"3\"}}");
	if (!rc) {
		kube_cache_mark(c);
		kube_cache_remove_marked(c, &change);
	}
	kube_cache_free(c);
	return rc;
}

static struct loop *loop;

static void work(void *arg, const char *key)
{
	(void)arg;
	(void)key;
}

static int use_queue(void)
{
	struct kube_queue *q = NULL;
	int rc = kube_queue_new(loop, 1, 10, 1, work, NULL, &q);

	if (!rc)
		rc = kube_queue_add(q, "a");
	if (!rc)
		rc = kube_queue_add_after(q, "b", 1000);
	kube_queue_free(q);
	loop_turn(loop, false); /* timers are freed by the loop */
	return rc;
}

static int use_paths(void)
{
	auto_buf struct buf b = BUF_INIT(KUBE_PATH_MAX);
	int rc = kube_path_add(&b, &KUBE_PODS, "ns", "a b", "status");

	return rc ? rc : kube_query_add(&b, "labelSelector", "a=b,c");
}

static int use_lease(void)
{
	static const struct lease_timing timing = {.duration_ms = 15000};
	auto_json struct json *take = lease_patch(LEASE_TAKE, NULL, "me", &timing, 0);
	auto_json struct json *release = take ? lease_release_patch(take) : NULL;

	return release ? 0 : -ENOMEM;
}

static void sweep(int (*body)(void))
{
	assert_true(oom_sweep(body) > 0);
}

static void nothing_crashes_or_leaks_without_memory(void **state)
{
	(void)state;
	if (!OOM_CAN_SWEEP)
		skip();
	assert_int_equal(loop_new(&loop), 0);
	sweep(use_config);
	sweep(use_cache);
	sweep(use_queue);
	sweep(use_paths);
	sweep(use_lease);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_crashes_or_leaks_without_memory)};

	if (!OOM_CAN_SWEEP)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
