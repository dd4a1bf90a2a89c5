/* SPDX-License-Identifier: Apache-2.0 */
/* `kubectl-escape simulate --from-cluster` against a scripted API server. */
#include "simulate.h"

#define API "/apis/escape.dev/v1alpha1"
#define LIST(items) "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[" items "]}"
#define NODE(name, zone)                                                                                     \
	"{\"metadata\":{\"name\":\"" name "\",\"labels\":{\"topology.kubernetes.io/zone\":\"" zone "\"}},"   \
	"\"spec\":{},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],"                 \
	"\"nodeInfo\":{\"kernelVersion\":\"6.1.0\"}}}"
#define REPORT(name, more) "{\"metadata\":{\"name\":\"" name "\"},\"status\":{\"canRestore\":true" more "}}"

static int simulate_on(struct page *pages, const char *args, struct buf *out)
{
	struct fake *f = fake_start(page_answer, pages);
	auto_free char *all = str_dup_fmt("simulate --from-cluster --plays 2000 --steps 30 %s", args);
	int rc = program_run_at(fake_url(f), all, out);

	fake_stop(f);
	return rc;
}

static const char THREE[] = LIST(NODE("node-a", "z1") "," NODE("node-b", "z1") "," NODE("node-c", "z2"));

static const char REPORTS[] = LIST(REPORT("node-a", ",\"detectionMs\":400") "," REPORT(
	"node-b", ",\"detectionMs\":600") "," REPORT("node-c", ""));

#define VERDICT(name, state) "{\"metadata\":{\"name\":\"" name "\"},\"status\":{\"state\":\"" state "\"}}"

static void test_a_hacked_node(void **state)
{
	struct page pages[] = {
		{API "/namespaces/shop/escapepolicies", 200,
			LIST("{\"metadata\":{\"namespace\":\"shop\",\"name\":\"ledger\"},\"spec\":{"
			     "\"selector\":{"
			     "\"matchLabels\":{\"a\":\"b\"}},\"placement\":{\"strategy\":\"Farthest\"}}}")},
		{API "/nodereports", 200, REPORTS},
		{API "/nodeverdicts", 200, LIST(VERDICT("node-b", "Hacked") "," VERDICT("gone", "Hacked"))},
		{"/api/v1/nodes", 200, THREE},
		{0},
	};
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	assert_int_equal(simulate_on(pages, "", &out), 0);
	assert_says(&out, "3 nodes, 3 of them can take a container that moves. Hacked: node-b.");
	assert_says(&out, "0.5 s, measured on 2 nodes");
	assert_says(&out, "| shop/ledger, farthest | 1 (now) |");
	assert_says(&out, "| shop/ledger, farthest | 2 (one more) |");
	assert_int_equal(simulate_on(pages, "--td 0", &out), 0);
	assert_says(&out, "0 s, as given");
	/* Every visit detected: everything survives. */
	assert_says(&out, "| 1 (0.9981 to 1) | 1 (0.9981 to 1) |");
	assert_int_equal(simulate_on(pages, "--format csv", &out), 0);
	assert_says(&out, "\ncluster,shop/ledger,30,0.");
	assert_says(&out, "\ncluster,static: now,0,1");
}

static void test_nobody_hacked_and_nothing_known(void **state)
{
	struct page pages[] = {
		{API "/namespaces/shop/escapepolicies", 200, LIST("")},
		{API "/nodereports", 200, REPORTS},
		{API "/nodeverdicts", 200, LIST(VERDICT("node-b", "Suspect"))},
		{"/api/v1/nodes", 200, THREE},
		{0},
	};
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	assert_int_equal(simulate_on(pages, "", &out), 0);
	assert_says(&out, "Hacked: none.");
	assert_says(
		&out, "| (no policy), predator-prey | 0 (now) | 1 (0.9981 to 1) | 1 (0.9981 to 1) | 0 (0 to");
	assert_says(&out, "| (no policy), predator-prey | 1 (one more) |");
}

static void test_what_cannot_be_played_with(void **state)
{
	struct page alone[] = {{API "/namespaces/shop/escapepolicies", 200, LIST("")},
		{API "/nodereports", 200, LIST("")}, {API "/nodeverdicts", 200, LIST("")},
		{"/api/v1/nodes", 200, LIST(NODE("node-a", "z1"))}, {0}};
	struct page mute[] = {{API "/namespaces/shop/escapepolicies", 200, LIST("")},
		{API "/nodereports", 200, LIST("")}, {API "/nodeverdicts", 200, LIST("")},
		{"/api/v1/nodes", 200, THREE}, {0}};
	struct page bare[] = {{0}};
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	assert_int_equal(simulate_on(alone, "", &out), 1);
	assert_says(&out, "the cluster has 1 nodes");
	/* Without a report no node can restore. */
	assert_int_equal(simulate_on(mute, "", &out), 1);
	assert_says(&out, "no host is open to the container");
	assert_int_equal(simulate_on(bare, "", &out), 1);
	assert_says(&out, "ESCAPE is not installed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hacked_node),
		cmocka_unit_test(test_nobody_hacked_and_nothing_known),
		cmocka_unit_test(test_what_cannot_be_played_with),
	};

	unsetenv("KUBERNETES_SERVICE_HOST");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
