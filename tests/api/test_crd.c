/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the CRDs and the decode tables together, and the CRDs to what every field of ours must have. */
#include "helper.h"

#include <api/escape.h>
#include <api/profile.h>
#include <api/report.h>
#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <doc/yaml.h>

static struct json *crd_load(const char *plural)
{
	auto_free char *path = str_dup_fmt(CRDS_DIR "/%s.yaml", plural);
	auto_free char *text = NULL;
	struct json *crd = NULL;
	struct err e = {0};
	size_t len;

	assert_int_equal(io_read_file(path, 1 << 20, &text, &len), 0);
	if (yaml_parse(text, len, 1 << 20, &crd, &e))
		fail_msg("%s: %s", path, e.message);
	return crd;
}

static const struct json *schema_of(const struct json *crd)
{
	const struct json *versions = json_at(crd, "spec.versions");

	assert_int_equal(json_len(versions), 1);
	return json_at(json_first(versions), "schema.openAPIV3Schema");
}

static bool lists(const struct json *arr, const char *s)
{
	json_foreach(item, arr)
	{
		if (str_eq(json_str(item), s))
			return true;
	}
	return false;
}

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
	static const char *const untabled[] = {"bags", "bagCount", NULL};

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

static const struct kube_resource *const KINDS[] = {&API_POLICIES, &API_PROFILES, &API_REPORTS, &API_ESCAPES};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
		auto_json struct json *crd = crd_load(KINDS[i]->plural);

		assert_string_equal(json_str_at(crd, "spec.group", ""), KINDS[i]->group);
		assert_string_equal(json_str_at(json_first(json_at(crd, "spec.versions")), "name", ""),
			KINDS[i]->version);
		assert_string_equal(json_str_at(crd, "spec.names.plural", ""), KINDS[i]->plural);
		assert_string_equal(json_str_at(crd, "spec.names.kind", ""), KINDS[i]->kind);
		assert_string_equal(
			json_str_at(crd, "spec.scope", ""), KINDS[i]->namespaced ? "Namespaced" : "Cluster");
		/* A category that equals the name of a resource makes `kubectl get <resource> NAME` fail. */
		assert_false(lists(json_at(crd, "spec.names.categories"), "escape"));
	}
}

/* Patterns here are over ASCII, so that characters are bytes; other text says its limit in bytes. */
static bool counts_bytes(const struct json *schema)
{
	const struct json *rules = json_member(schema, "x-kubernetes-validations");

	if (json_member(schema, "pattern"))
		return true;
	return strstr(json_str_at(json_first(rules), "rule", ""), "size(bytes(self)) <= ");
}

static void string_is_bounded(const char *key, const struct json *schema, bool ours)
{
	const char *format = json_str_at(schema, "format", "");

	if (json_member(schema, "enum") || str_eq(format, "date-time"))
		return;
	if (!json_member(schema, "maxLength"))
		fail_msg("%s: no maxLength", key);
	if (ours && !str_eq(format, "byte") && !counts_bytes(schema))
		fail_msg("%s: maxLength counts characters, the struct bytes", key);
}

static bool has_default(const struct json *schema)
{
	if (json_member(schema, "default"))
		return true;
	json_foreach(prop, json_member(schema, "properties"))
	{
		if (has_default(prop))
			return true;
	}
	return false;
}

static void walk(const char *key, const struct json *schema, bool ours);

static void object_is_bounded(const char *key, const struct json *schema, bool ours)
{
	json_foreach(prop, json_member(schema, "properties"))
	{
		if (!*json_str_at(prop, "description", ""))
			fail_msg("%s.%s: no description", key, json_key(prop));
		if (json_member(prop, "properties") && has_default(prop) && !json_member(prop, "default"))
			fail_msg("%s.%s: its defaults never apply without a default of its own", key,
				json_key(prop));
		walk(json_key(prop), prop, ours);
	}
	if (json_member(schema, "additionalProperties")) {
		assert_non_null(json_member(schema, "maxProperties"));
		walk(key, json_member(schema, "additionalProperties"), ours);
	}
}

static void walk(const char *key, const struct json *schema, bool ours)
{
	const char *type = json_str_at(schema, "type", "");

	if (str_eq(type, "string"))
		string_is_bounded(key, schema, ours);
	else if (str_eq(type, "object"))
		object_is_bounded(key, schema, ours);
	else if (str_eq(type, "array")) {
		if (!json_member(schema, "maxItems") || !json_member(schema, "x-kubernetes-list-type"))
			fail_msg("%s: no maxItems or no list type", key);
		walk(key, json_member(schema, "items"), ours);
	} else if (str_eq(type, "integer") || str_eq(type, "number")) {
		if (!json_member(schema, "minimum"))
			fail_msg("%s: no minimum", key);
	} else if (!str_eq(type, "boolean")) {
		fail_msg("%s: no type", key);
	}
}

static void test_every_field_is_described_and_bounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
		auto_json struct json *crd = crd_load(KINDS[i]->plural);
		const struct json *schema = schema_of(crd);

		assert_true(*json_str_at(schema, "description", ""));
		json_foreach(part, json_member(schema, "properties"))
		{
			/* The status of a policy is written here and read by people only. */
			if (str_eq(json_key(part), "spec") || str_eq(json_key(part), "status"))
				walk(json_key(part), part,
					KINDS[i] != &API_POLICIES || str_eq(json_key(part), "spec"));
		}
	}
}

static void test_printer_columns_name_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
		auto_json struct json *crd = crd_load(KINDS[i]->plural);
		const struct json *version = json_first(json_at(crd, "spec.versions"));

		assert_true(json_len(json_member(version, "additionalPrinterColumns")) > 4);
		json_foreach(column, json_member(version, "additionalPrinterColumns"))
		{
			const char *path = json_str_at(column, "jsonPath", "");
			const struct json *at = schema_of(crd);
			char part[32];

			if (str_starts(path, ".metadata.") || strchr(path, '['))
				continue;
			while (*path == '.') {
				size_t len = strcspn(++path, ".");

				assert_int_equal(str_fmt(part, sizeof(part), "%.*s", (int)len, path), 0);
				at = json_member(json_member(at, "properties"), part);
				if (!at)
					fail_msg("%s: no field for column %s", KINDS[i]->plural,
						json_str_at(column, "name", ""));
				path += len;
			}
		}
	}
}

static bool first_of_its_edge(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (PHASE_STEPS[k].kind == PHASE_STEPS[i].kind &&
			PHASE_STEPS[k].from == PHASE_STEPS[i].from && PHASE_STEPS[k].to == PHASE_STEPS[i].to)
			return false;
	return true;
}

/* The API server itself refuses a phase that does not follow: its list is that of PHASE_STEPS. */
static void test_phase_rule_lists_the_steps(void **state)
{
	auto_json struct json *crd = crd_load("escapes");
	const struct json *rules = json_member(schema_of(crd), "x-kubernetes-validations");
	const char *list = strstr(json_str_at(json_first(rules), "rule", ""), "in [");
	size_t edges = 0, listed = 1;

	(void)state;
	assert_non_null(list);
	for (size_t i = 0; i < PHASE_STEPS_COUNT; i++) {
		const struct phase_step *s = &PHASE_STEPS[i];
		char edge[64];

		if (!first_of_its_edge(i))
			continue;
		edges++;
		assert_int_equal(str_fmt(edge, sizeof(edge), "'%s %s %s'", ESCAPE_KIND_NAMES[s->kind],
					 ESCAPE_PHASE_NAMES[s->from], ESCAPE_PHASE_NAMES[s->to]),
			0);
		if (!strstr(list, edge))
			fail_msg("the CRD does not allow %s", edge);
	}
	for (const char *p = list; *p; p++)
		listed += *p == ',';
	assert_int_equal(edges, listed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_every_field_is_described_and_bounded),
		cmocka_unit_test(test_printer_columns_name_fields),
		cmocka_unit_test(test_phase_rule_lists_the_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
