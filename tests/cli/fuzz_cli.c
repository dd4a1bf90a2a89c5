/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON as the answers of an API server: nothing crashes, and nothing but printable lines reaches the
 * terminal. */
#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <cli/evidence.h>
#include <cli/explain.h>
#include <cli/nodes.h>
#include <cli/status.h>
#include <cli/text.h>
#include <stdlib.h>
#include <tests/fuzz/fuzz.h>

enum { NOW_MS = 1000000 };

static void need(bool ok)
{
	if (!ok)
		abort();
}

static void check_output(const struct buf *out)
{
	need(!out->failed);
	for (size_t i = 0; i < out->len; i++) {
		uint32_t code = 0;
		size_t n = str_utf8_len(out->data + i, out->len - i, &code);

		need(n && (code == '\n' || code >= ' ') && (code < 0x7f || code > 0x9f) && code != 0x202e);
		i += n - 1;
	}
}

static void check_json(const struct json *j)
{
	auto_buf struct buf out = BUF_INIT(TEXT_MAX);
	auto_json struct json *back = NULL;

	need(j && !text_add_json(&out, j));
	check_output(&(struct buf){.data = out.data, .len = out.len});
	need(!json_parse(out.data, out.len, TEXT_MAX, &back, NULL) && json_equal(j, back));
}

static void as_escape(const struct json *j)
{
	static struct escape x;
	auto_buf struct buf out = BUF_INIT(TEXT_MAX);
	auto_json struct json *shown = NULL;

	if (escape_decode(j, &x, NULL))
		return;
	explain_text(&x, NOW_MS, &out);
	check_output(&out);
	shown = explain_json(&x);
	check_json(shown);
}

/* Of whatever pod comes first. */
static void as_alarms(const struct json *j)
{
	static struct pod_alarm p;
	const struct json *first =
		json_first(json_at(json_first(json_member(j, "items")), "status.anomalies"));
	auto_buf struct buf out = BUF_INIT(TEXT_MAX);
	auto_json struct json *shown = NULL;

	if (pod_alarm_find(j, json_str_at(first, "namespace", ""), json_str_at(first, "pod", ""), &p, NULL))
		return;
	pod_alarm_text(&p, NOW_MS, &out);
	check_output(&out);
	shown = pod_alarm_json(&p);
	check_json(shown);
}

static void as_status(const struct json *j)
{
	const struct status_lists lists = {
		.policies = json_member(j, "policies"),
		.reports = json_member(j, "reports"),
		.escapes = json_member(j, "escapes"),
		.verdicts = json_member(j, "verdicts"),
	};
	auto_buf struct buf out = BUF_INIT(TEXT_MAX);
	auto_status struct status_view v = {0};
	auto_json struct json *shown = NULL;

	need(!status_read(&lists, &v, NULL));
	status_text(&v, NOW_MS, &out);
	check_output(&out);
	shown = status_json(&v, NOW_MS);
	check_json(shown);
}

static void as_nodes(const struct json *j)
{
	auto_buf struct buf out = BUF_INIT(TEXT_MAX);
	auto_nodes struct nodes_view v = {0};
	auto_json struct json *shown = NULL;

	need(!nodes_read(json_member(j, "nodes"), json_member(j, "verdicts"), &v, NULL));
	nodes_text(&v, NOW_MS, &out);
	check_output(&out);
	shown = nodes_json(&v);
	check_json(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_json struct json *j = NULL;

	if (json_parse((const char *)data, size, 1 << 20, &j, NULL))
		return 0;
	as_status(j);
	as_escape(j);
	as_alarms(j);
	as_nodes(j);
	return 0;
}
