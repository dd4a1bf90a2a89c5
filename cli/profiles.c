/* SPDX-License-Identifier: Apache-2.0 */
#include "profiles.h"

#include "text.h"

#include <api/profile.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

static const char *text_at(const struct json *obj, const char *path)
{
	const char *text = json_str_at(obj, path, "");

	return *text ? text : "-";
}

static void number_cell(struct table *t, const struct json *obj, const char *path)
{
	int64_t n = json_int_at(obj, path, -1);

	if (n < 0)
		table_cell(t, "-");
	else
		table_cell(t, "%lld", (long long)n);
}

static bool is_learning(const struct json *obj)
{
	return str_eq(json_str_at(obj, "spec.state", PROFILE_STATE_NAMES[PROFILE_LEARNING]),
		PROFILE_STATE_NAMES[PROFILE_LEARNING]);
}

static void left_cell(struct table *t, const struct json *obj)
{
	int64_t seconds = json_int_at(obj, "spec.secondsLeft", 0);
	auto_buf struct buf left = BUF_INIT(32);

	text_add_age(&left, seconds * 1000);
	if (is_learning(obj) && seconds > 0)
		table_cell(t, "%s", left.data ? left.data : "?");
	else
		table_cell(t, "%s", is_learning(obj) ? "?" : "-");
}

static void row(struct table *t, const struct json *obj)
{
	table_cell(t, "%s", text_at(obj, "metadata.namespace"));
	table_cell(t, "%s", text_at(obj, "metadata.name"));
	table_cell(t, "%s", text_at(obj, "spec.workload"));
	table_cell(t, "%s", text_at(obj, "spec.container"));
	table_cell(t, "%s", json_str_at(obj, "spec.state", PROFILE_STATE_NAMES[PROFILE_LEARNING]));
	if (json_int_at(obj, "spec.learnedPercent", -1) < 0)
		table_cell(t, "-");
	else
		table_cell(t, "%lld %%", (long long)json_int_at(obj, "spec.learnedPercent", 0));
	left_cell(t, obj);
	number_cell(t, obj, "spec.epochs");
	number_cell(t, obj, "spec.bagCount");
	table_cell(t, "%.19s", text_at(obj, "spec.image"));
}

static void add_calls(struct buf *out, const struct json *finding)
{
	const char *between = "    new: ";

	json_foreach(call, json_at(finding, "calls"))
	{
		const char *name = json_str_at(call, "name", "");

		buf_adds(out, between);
		between = ", then ";
		if (*name)
			text_add(out, name);
		else
			text_addf(out, "call %lld", (long long)json_int_at(call, "number", -1));
	}
	buf_adds(out, "\n");
}

static void add_held(struct buf *out, const struct json *obj)
{
	const struct json *held = json_at(obj, "spec.held");

	if (!held)
		return;
	buf_adds(out, "  ! ");
	text_addf(out, "%s/%s is held since %s (%s), on %s: %s", text_at(obj, "metadata.namespace"),
		text_at(obj, "metadata.name"), text_at(held, "at"), text_at(held, "reason"),
		text_at(held, "node"), text_at(held, "message"));
	buf_adds(out, "\n");
	json_foreach(finding, json_at(held, "findings"))
	{
		add_calls(out, finding);
	}
}

void profiles_text(const struct json *list, const char *namespace_, struct buf *out)
{
	static const char *const titles[] = {"NAMESPACE", "NAME", "WORKLOAD", "CONTAINER", "STATE", "LEARNED",
		"LEFT", "EPOCHS", "BAGS", "IMAGE", NULL};
	const struct json *items = json_member(list, "items");
	auto_table struct table t;

	table_init(&t, titles);
	json_foreach(obj, items)
	{
		row(&t, obj);
	}
	if (json_len(items))
		table_add(out, &t);
	else if (namespace_)
		text_addf(out, "No profile in namespace %s. -A shows all namespaces.", namespace_);
	else
		buf_adds(out, "No profile in any namespace.");
	if (!json_len(items))
		buf_adds(out, "\n");
	json_foreach(obj, items)
	{
		add_held(out, obj);
	}
}

/* The numbers and names of one; what was learned is of no use to a reader. */
static struct json *head_of(const struct json *obj)
{
	static const char *const left_out[] = {"bags", "pairs", "triples"};
	auto_json struct json *one = json_new_obj(), *head = json_new_obj();
	bool keep;

	json_foreach(member, json_at(obj, "spec"))
	{
		keep = true;
		for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
			keep &= !str_eq(json_key(member), left_out[i]);
		if (keep && json_set(head, json_key(member), json_dup(member)))
			return NULL;
	}
	if (json_set_str(one, "namespace", json_str_at(obj, "metadata.namespace", "")) ||
		json_set_str(one, "name", json_str_at(obj, "metadata.name", "")) ||
		json_set(one, "spec", TAKE_PTR(head)))
		return NULL;
	return TAKE_PTR(one);
}

struct json *profiles_json(const struct json *list)
{
	auto_json struct json *all = json_new_obj(), *profiles = json_new_arr();

	json_foreach(obj, json_member(list, "items"))
	{
		if (json_add(profiles, head_of(obj)))
			return NULL;
	}
	return json_set(all, "profiles", TAKE_PTR(profiles)) ? NULL : TAKE_PTR(all);
}

/* Every value is a name, a number or base64 by then, so a quoted string needs no escapes. */
static void add_value(struct buf *out, const struct json *v)
{
	auto_free char *text = json_print(v);

	if (text)
		buf_adds(out, text);
	else
		out->failed = true;
	buf_adds(out, "\n");
}

static void add_members(struct buf *out, const struct json *obj, int indent)
{
	json_foreach(member, obj)
	{
		buf_addf(out, "%*s%s:", indent, "", json_key(member));
		if (json_is_obj(member)) {
			buf_adds(out, "\n");
			add_members(out, member, indent + 2);
			continue;
		}
		buf_adds(out, " ");
		add_value(out, member);
	}
}

int profile_export(const struct json *obj, struct buf *out, struct err *e)
{
	auto_json struct json *clean = NULL;
	struct profile p;
	int rc = profile_decode(obj, &p, e);

	if (rc)
		return rc;
	if (p.state != PROFILE_READY && p.state != PROFILE_STALE) {
		err_set(e, -EINVAL, "NotReady", "profile %s is %s: only one that is Ready can be kept",
			p.name, PROFILE_STATE_NAMES[p.state]);
		profile_free(&p);
		return -EINVAL;
	}
	p.state = PROFILE_READY;
	p.resource_version[0] = '\0';
	rc = profile_encode(&p, &clean, e);
	profile_free(&p);
	if (rc)
		return rc;
	buf_adds(out, "# A profile is a manual for evading it: keep it from those it is about.\n");
	add_members(out, clean, 0);
	return out->failed ? err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output") : 0;
}
