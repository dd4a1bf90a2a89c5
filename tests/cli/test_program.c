/* SPDX-License-Identifier: Apache-2.0 */
/* The program itself against a scripted API server: what it asks for, what it says when something is wrong,
 * how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <string.h>

#include "program.h"

#define API "/apis/escape.dev/v1alpha1"
#define LIST "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":"
#define FORBIDDEN                                                                                            \
	"{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"nodereports is forbidden\\u001b[2J\"}"

static char *data_read(const char *name)
{
	auto_free char *path = str_dup_fmt("%s/data/%s", CLI_TESTS, name);
	char *text = NULL;

	assert_int_equal(io_read_file(path, 1 << 20, &text, NULL), 0);
	return text;
}

static void shows_the_status_of_a_namespace(void **state)
{
	struct page pages[] = {
		{API "/namespaces/shop/escapepolicies", 200,
			LIST "[{\"metadata\":{\"namespace\":\"shop\",\"name\":\"ledger\"},\"spec\":{}}]"
			     "}"},
		{API "/namespaces/shop/escapes", 200, LIST "[]}"},
		{API "/nodereports", 200, LIST "[{\"metadata\":{\"name\":\"node-a\"}}]}"},
		{0},
	};
	struct fake *f = fake_start(page_answer, pages);
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run_at(fake_url(f), "status", &out), 0);
	assert_says(&out, "shop       ledger");
	assert_says(&out, "node-a  -      never");
	assert_int_equal(program_run_at(fake_url(f), "status -o json", &out), 0);
	assert_says(&out, "\"name\": \"ledger\"");
	fake_stop(f);
}

static void shows_all_namespaces(void **state)
{
	struct page pages[] = {
		{API "/escapepolicies", 200, LIST "[]}"},
		{API "/escapes", 200, LIST "null}"},
		{API "/nodereports", 200, LIST "[]}"},
		{0},
	};
	struct fake *f = fake_start(page_answer, pages);
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run_at(fake_url(f), "status -A", &out), 0);
	assert_says(&out, "No EscapePolicy in any namespace");
	fake_stop(f);
}

static void says_what_it_may_not_see(void **state)
{
	struct page pages[] = {
		{API "/namespaces/team/escapepolicies", 200, LIST "[]}"},
		{API "/namespaces/team/escapes", 200, LIST "[]}"},
		{API "/nodereports", 403, FORBIDDEN},
		{0},
	};
	struct fake *f = fake_start(page_answer, pages);
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run_at(fake_url(f), "-n team status", &out), 0);
	assert_says(&out, "Not shown: cannot list nodereports: ");
	assert_says(&out, "nodereports is forbidden\\x1b[2J");
	fake_stop(f);
}

static void says_that_nothing_is_installed(void **state)
{
	struct page none[] = {{0}};
	struct fake *f = fake_start(page_answer, none);
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run_at(fake_url(f), "status", &out), 1);
	assert_says(
		&out, "error: the API server knows no escapepolicies.escape.dev: ESCAPE is not installed");
	fake_stop(f);
}

static void marks_and_clears_nodes(void **state)
{
	struct page first[] = {
		{"/api/v1/nodes/node-b", 200, "{\"metadata\":{\"name\":\"node-b\"}}"},
		{API "/nodeverdicts", 201, "{\"metadata\":{\"name\":\"node-b\"}}"},
		{0},
	};
	struct page again[] = {
		{"/api/v1/nodes/node-b", 200, "{\"metadata\":{\"name\":\"node-b\"}}"},
		{API "/nodeverdicts/node-b", 200, "{\"spec\":{\"mark\":\"Clean\"}}"},
		{0},
	};
	struct fake *f = fake_start(page_answer, first);
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(
		program_run_at(fake_url(f), "node mark node-b --reason 'seen a miner' --for 2h", &out), 0);
	assert_says(&out, "node node-b counts as hacked: seen a miner");
	assert_int_equal(program_run_at(fake_url(f), "node mark nowhere --reason x", &out), 1);
	assert_says(&out, "error: there is no node nowhere");
	fake_stop(f);
	f = fake_start(page_answer, again);
	assert_int_equal(program_run_at(fake_url(f), "node clear node-b --reason looked -o json", &out), 0);
	assert_says(&out, "\"mark\": \"Clean\"");
	fake_stop(f);
}

static void a_word_on_a_node_needs_a_reason(void **state)
{
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run("node mark node-b", &out), 2);
	assert_says(&out, "--reason TEXT is missing");
	assert_int_equal(program_run("node mark --reason x", &out), 2);
	assert_says(&out, "the name of a node is missing");
	assert_int_equal(program_run("node clear node-b --reason x --for 2h", &out), 2);
	assert_says(&out, "--for goes with mark only");
	assert_int_equal(program_run("node mark 'a b' --reason x", &out), 2);
	assert_says(&out, "not the name of a node");
	assert_int_equal(program_run("node burn node-b", &out), 2);
	assert_says(&out, "there are list, mark and clear");
}

static void lists_nodes(void **state)
{
	struct page pages[] = {
		{"/api/v1/nodes", 200, LIST "[{\"metadata\":{\"name\":\"node-a\"}}]}"},
		{API "/nodeverdicts", 200, LIST "[]}"},
		{0},
	};
	struct fake *f = fake_start(page_answer, pages);
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run_at(fake_url(f), "node list", &out), 0);
	assert_says(&out, "node-a  Clean  -");
	fake_stop(f);
}

static void explains_an_escape(void **state)
{
	auto_free char *move = data_read("explain-move.json");
	struct page pages[] = {
		{API "/namespaces/shop/escapes/ledger-5d9c-0a1b2c3d", 200, move},
		{API "/namespaces/shop/escapes/odd", 200,
			"{\"metadata\":{\"namespace\":\"shop\",\"name\":\"odd\"},\"spec\":{\"kind\":"
			"\"Dance\"}}"},
		{0},
	};
	struct fake *f = fake_start(page_answer, pages);
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run_at(fake_url(f), "explain ledger-5d9c-0a1b2c3d", &out), 0);
	assert_says(&out, "Escape shop/ledger-5d9c-0a1b2c3d: Move, Succeeded after 2751 ms");
	assert_int_equal(program_run_at(fake_url(f), "explain odd", &out), 1);
	assert_says(&out, "error: spec.kind: ");
	assert_int_equal(program_run_at(fake_url(f), "explain absent", &out), 1);
	assert_says(
		&out, "error: there is no Escape absent in namespace shop; kubectl get escapes.escape.dev");
	fake_stop(f);
}

static void explains_the_alarm_of_a_pod(void **state)
{
	auto_free char *reports = data_read("pod-alarms.json");
	struct page pages[] = {{API "/nodereports", 200, reports}, {0}};
	struct fake *f = fake_start(page_answer, pages);
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run_at(fake_url(f), "explain pod/ledger-5d9c", &out), 0);
	assert_says(&out, "Pod shop/ledger-5d9c: alarm of container app on node node-b");
	assert_int_equal(program_run_at(fake_url(f), "explain pod/ledger-5d9c -o json", &out), 0);
	assert_says(&out, "\"node\": \"node-b\"");
	assert_int_equal(program_run_at(fake_url(f), "explain pod/absent", &out), 1);
	assert_says(&out, "error: no node reports an alarm of pod absent in namespace shop");
	fake_stop(f);
}

static void wrong_command_lines_end_with_2(void **state)
{
	static const struct {
		const char *args, *message;
	} cases[] = {
		{"", "a command is missing"},
		{"dance", "dance: no such command"},
		{"explain", "explain needs the name of an Escape"},
		{"explain UPPER", "UPPER: not the name of an Escape"},
		{"explain ../x", "../x: not the name of an Escape"},
		{"explain pod/", "pod/: not the name of a pod"},
		{"explain --replay pod/a", "an alarm of a pod has none"},
		{"explain pod/A", "pod/A: not the name of a pod"},
		{"explain a b", "b: one argument too many"},
		{"explain -A a", "use -n NAME instead of -A"},
		{"status a", "a: one argument too many"},
		{"status -A -n x", "exclude each other"},
		{"status -n a/b", "a/b: not the name of a namespace"},
		{"status -o yaml", "yaml: expected text or json"},
		{"status --bogus", "unrecognized option"},
	};
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(program_run(cases[i].args, &out), 2);
		assert_says(&out, cases[i].message);
	}
}

static void needs_no_cluster_for_help_and_version(void **state)
{
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run("--help", &out), 0);
	assert_says(&out, "explain ESCAPE");
	assert_int_equal(program_run("version", &out), 0);
	assert_says(&out, "kubectl-escape " ESCAPE_VERSION ", API escape.dev/v1alpha1\n");
	assert_int_equal(program_run("version -o json", &out), 0);
	assert_says(&out, "\"version\": \"" ESCAPE_VERSION "\"");
}

static void says_which_configuration_is_wrong(void **state)
{
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run("status --kubeconfig /nonexistent/config", &out), 1);
	assert_says(&out, "error: cannot read /nonexistent/config: No such file or directory");
	assert_int_equal(program_run_at("http://127.0.0.1:1", "status --context other", &out), 1);
	assert_says(&out, "context \"other\" is not defined");
}

static void output_that_cannot_be_written_is_an_error(void **state)
{
	auto_buf struct buf out = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(program_run("version >/dev/full", &out), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_status_of_a_namespace),
		cmocka_unit_test(shows_all_namespaces),
		cmocka_unit_test(says_what_it_may_not_see),
		cmocka_unit_test(says_that_nothing_is_installed),
		cmocka_unit_test(marks_and_clears_nodes),
		cmocka_unit_test(a_word_on_a_node_needs_a_reason),
		cmocka_unit_test(lists_nodes),
		cmocka_unit_test(explains_an_escape),
		cmocka_unit_test(explains_the_alarm_of_a_pod),
		cmocka_unit_test(wrong_command_lines_end_with_2),
		cmocka_unit_test(needs_no_cluster_for_help_and_version),
		cmocka_unit_test(says_which_configuration_is_wrong),
		cmocka_unit_test(output_that_cannot_be_written_is_an_error),
	};

	unsetenv("KUBERNETES_SERVICE_HOST");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
