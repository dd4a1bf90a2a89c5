/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the CRDs and the decode tables together: keys, types, enums, defaults, limits, what is required. */
#include "crd.h"

#include <api/escape.h>
#include <api/profile.h>
#include <api/report.h>
#include <api/verdict.h>
#include <base/cleanup.h>
#include <base/str.h>

static void same_enum(const struct json *schema, const struct field *f)
{
	const struct json *names = json_member(schema, "enum");
	size_t n = 0;

	for (; f->names[n]; n++)
		if (!lists(names, f->names[n]))
			fail_msg("%s: %s is not in the enum of the CRD", f->key, f->names[n]);
	if (n != json_len(names))
		fail_msg("%s: %zu names, the CRD has %zu", f->key, n, json_len(names));
}

static void same_default(const struct json *schema, const struct field *f)
{
	const struct json *dflt = json_member(schema, "default");
	auto_free char *text = dflt && !json_is_str(dflt) ? json_print(dflt) : NULL;
	const char *shown = dflt ? (text ? text : json_str(dflt)) : NULL;

	if (f->type != FIELD_OBJECT && !str_eq(shown, f->dflt))
		fail_msg("%s: default %s, the CRD has %s", f->key, f->dflt ? f->dflt : "(none)",
			shown ? shown : "(none)");
}

static void same_limits(const struct json *schema, const struct field *f)
{
	double min = json_num_at(schema, "minimum", 0), max = json_num_at(schema, "maximum", 0);

	if (min != f->min || max != f->max)
		fail_msg("%s: limits %g to %g, the CRD has %g to %g", f->key, f->min, f->max, min, max);
}

static int64_t duration_in(const char *rule, const char *before)
{
	const char *at = strstr(rule, before);
	char text[32];
	int64_t ms;

	assert_non_null(at);
	at += strlen(before);
	assert_int_equal(str_fmt(text, sizeof(text), "%.*s", (int)strcspn(at, "'"), at), 0);
	assert_int_equal(str_parse_duration_ms(text, &ms), 0);
	return ms;
}

static void same_duration_limits(const struct json *schema, const struct field *f)
{
	const struct json *rules = json_member(schema, "x-kubernetes-validations");
	const char *rule = json_str_at(json_first(rules), "rule", "");

	assert_int_equal(duration_in(rule, ">= duration('"), (int64_t)f->min);
	assert_int_equal(duration_in(rule, "<= duration('"), (int64_t)f->max);
	assert_non_null(strstr(json_str_at(json_first(rules), "message", ""), f->key));
}

static void fits(const struct json *schema, const char *key, size_t size)
{
	double max = json_num_at(schema, "maxLength", 0);

	json_foreach(name, json_member(schema, "enum"))
	{
		if (strlen(json_str(name)) >= size)
			fail_msg("%s: %s does not fit", key, json_str(name));
	}
	if (!json_member(schema, "enum") && (max < 1 || max > (double)(size - 1)))
		fail_msg("%s: maxLength %g does not fit %zu bytes", key, max, size);
}

static void same_object(
	const char *where, const struct field *table, const struct json *schema, const char *const *untabled);

static void same_array(const struct json *schema, const struct field *f)
{
	const struct json *items = json_member(schema, "items");

	if (json_num_at(schema, "maxItems", 0) != (double)f->max_items)
		fail_msg("%s: maxItems differs from %zu", f->key, f->max_items);
	if (f->sub)
		same_object(f->key, f->sub, items, NULL);
	else
		fits(items, f->key, f->size);
}

static const char *type_of(enum field_type t)
{
	static const char *const types[] = {
		[FIELD_STRING] = "string",
		[FIELD_ENUM] = "string",
		[FIELD_BOOL] = "boolean",
		[FIELD_INT] = "integer",
		[FIELD_NUMBER] = "number",
		[FIELD_DURATION_MS] = "string",
		[FIELD_TIME_MS] = "string",
		[FIELD_OBJECT] = "object",
		[FIELD_ARRAY] = "array",
	};
	return types[t];
}

static void same_field(const struct json *schema, const struct field *f)
{
	if (!str_eq(json_str_at(schema, "type", NULL), type_of(f->type)))
		fail_msg("%s: the CRD has type %s", f->key, json_str_at(schema, "type", "(none)"));
	same_default(schema, f);
	switch (f->type) {
	case FIELD_STRING:
		fits(schema, f->key, f->size);
		break;
	case FIELD_ENUM:
		same_enum(schema, f);
		break;
	case FIELD_INT:
	case FIELD_NUMBER:
		same_limits(schema, f);
		break;
	case FIELD_DURATION_MS:
		same_duration_limits(schema, f);
		break;
	case FIELD_TIME_MS:
		assert_string_equal(json_str_at(schema, "format", ""), "date-time");
		break;
	case FIELD_OBJECT:
		same_object(f->key, f->sub, schema, NULL);
		break;
	case FIELD_ARRAY:
		same_array(schema, f);
		break;
	case FIELD_BOOL:
		break;
	}
}

static bool is_known(const struct field *table, const char *const *untabled, const char *key)
{
	for (; table->key; table++)
		if (str_eq(table->key, key))
			return true;
	for (; untabled && *untabled; untabled++)
		if (str_eq(*untabled, key))
			return true;
	return false;
}

static void same_object(
	const char *where, const struct field *table, const struct json *schema, const char *const *untabled)
{
	const struct json *props = json_member(schema, "properties");
	const struct json *required = json_member(schema, "required");

	for (const struct field *f = table; f->key; f++) {
		const struct json *prop = json_member(props, f->key);

		if (!prop)
			fail_msg("%s: the CRD has no %s", where, f->key);
		if (lists(required, f->key) != f->required)
			fail_msg("%s: %s is required in one place only", where, f->key);
		same_field(prop, f);
	}
	json_foreach(prop, props)
	{
		if (!is_known(table, untabled, json_key(prop)))
			fail_msg("%s: the table has no %s", where, json_key(prop));
	}
}

static void same_kind(const struct kube_resource *r, const char *part, const struct field *table,
	const char *const *untabled)
{
	auto_json struct json *crd = crd_load(r->plural);
	const struct json *props = json_member(schema_of(crd), "properties");

	same_object(part, table, json_member(props, part), untabled);
}

static void test_policy(void **state)
{
	static const char *const untabled[] = {"selector", NULL};

	(void)state;
	same_kind(&API_POLICIES, "spec", POLICY_SPEC_FIELDS, untabled);
}

static void test_profile(void **state)
{
	static const char *const untabled[] = {"bags", "bagCount", "pairs", "triples", NULL};

	(void)state;
	same_kind(&API_PROFILES, "spec", PROFILE_SPEC_FIELDS, untabled);
}

static void test_report(void **state)
{
	(void)state;
	same_kind(&API_REPORTS, "status", REPORT_STATUS_FIELDS, NULL);
}

static void test_escape(void **state)
{
	(void)state;
	same_kind(&API_ESCAPES, "spec", ESCAPE_SPEC_FIELDS, NULL);
	same_kind(&API_ESCAPES, "status", ESCAPE_STATUS_FIELDS, NULL);
}

static void test_verdict(void **state)
{
	(void)state;
	same_kind(&API_VERDICTS, "spec", VERDICT_SPEC_FIELDS, NULL);
	same_kind(&API_VERDICTS, "status", VERDICT_STATUS_FIELDS, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
