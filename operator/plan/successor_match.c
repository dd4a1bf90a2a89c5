/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/successor.h"

#include "operator/plan/successor_spec.h"

#include <base/cleanup.h>
#include <base/str.h>

/* What we built came from an object that the API server had completed, so nothing but its own decisions may
 * differ. */
static bool spec_matches(const struct json *built, const struct json *found)
{
	auto_json struct json *stripped = successor_spec_strip(found);

	return stripped && json_equal(stripped, built) &&
	       json_len(json_member(found, "ephemeralContainers")) == 0;
}

static bool annotations_match(const struct json *built, const struct json *found)
{
	json_foreach(a, built)
	{
		if (!str_eq(json_str(json_member(found, json_key(a))), json_str(a)))
			return false;
	}
	return true;
}

bool successor_label_is_of_node(const char *key)
{
	return str_eq(key, "topology.kubernetes.io/zone") || str_eq(key, "topology.kubernetes.io/region");
}

static bool labels_match(const struct json *built, const struct json *found)
{
	size_t of_node = 0;

	json_foreach(l, found)
	{
		if (successor_label_is_of_node(json_key(l)))
			of_node++;
		else if (!str_eq(json_str(json_member(built, json_key(l))), json_str(l)))
			return false;
	}
	return json_len(found) - of_node == json_len(built);
}

bool successor_matches(const struct json *built, const struct json *found)
{
	return spec_matches(json_member(built, "spec"), json_member(found, "spec")) &&
	       labels_match(json_at(built, "metadata.labels"), json_at(found, "metadata.labels")) &&
	       annotations_match(
		       json_at(built, "metadata.annotations"), json_at(found, "metadata.annotations")) &&
	       json_len(json_at(found, "metadata.ownerReferences")) == 0;
}
