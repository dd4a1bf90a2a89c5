/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the CRDs to what every field of ours must have, to the names of the kinds, and to the protocol of an
 * Escape. */
#include "crd.h"

#include <api/escape.h>
#include <base/cleanup.h>
#include <base/str.h>

static const struct kube_resource *const KINDS[] = {
	&API_POLICIES, &API_PROFILES, &API_REPORTS, &API_VERDICTS, &API_ESCAPES};

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
	if (ours && !counts_bytes(schema))
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
		cmocka_unit_test(test_every_field_is_described_and_bounded),
		cmocka_unit_test(test_printer_columns_name_fields),
		cmocka_unit_test(test_phase_rule_lists_the_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
