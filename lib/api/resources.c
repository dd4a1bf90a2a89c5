/* SPDX-License-Identifier: Apache-2.0 */
#include <api/quantity.h>
#include <api/resources.h>
#include <base/str.h>
#include <string.h>

static const char *const COMMON[RESOURCES_COMMON] = {
	[RESOURCE_CPU] = "cpu",
	[RESOURCE_MEMORY] = "memory",
	[RESOURCE_EPHEMERAL] = "ephemeral-storage",
	[RESOURCE_PODS] = "pods",
};

const char *resource_name(const struct resource_names *names, size_t number)
{
	return number < RESOURCES_COMMON ? COMMON[number] : names->name[number];
}

/* RESOURCES_MAX: it has no number. */
static size_t number_of(struct resource_names *names, const char *name)
{
	if (names->n < RESOURCES_COMMON)
		names->n = RESOURCES_COMMON;
	for (size_t i = 0; i < names->n; i++)
		if (str_eq(name, resource_name(names, i)))
			return i;
	if (names->n == RESOURCES_MAX || str_copy(names->name[names->n], RESOURCE_NAME_MAX, name))
		return RESOURCES_MAX;
	return names->n++;
}

/* A whole number may be one in JSON. */
static int64_t amount_read(const struct json *value, size_t number)
{
	int64_t scale = number == RESOURCE_CPU ? 1000 : 1, amount = 0;
	double plain = json_num(value);

	if (json_is_str(value)) {
		if (quantity_parse(json_str(value), scale, &amount))
			return 0;
		return amount;
	}
	if (!(plain > 0))
		return 0;
	return plain * (double)scale < 0x1p62 ? (int64_t)(plain * (double)scale) : INT64_MAX;
}

static void list_read(
	const struct json *list, struct resource_names *names, int64_t most, struct resources *ret)
{
	json_foreach(value, list)
	{
		size_t number = json_key(value) ? number_of(names, json_key(value)) : RESOURCES_MAX;
		int64_t amount;

		if (number == RESOURCES_MAX)
			continue;
		amount = amount_read(value, number);
		ret->of[number] = amount < most ? amount : most;
	}
}

static void larger_take(struct resources *dst, const struct resources *other)
{
	for (size_t i = 0; i < RESOURCES_MAX; i++)
		if (other->of[i] > dst->of[i])
			dst->of[i] = other->of[i];
}

static void container_read(const struct json *container, struct resource_names *names, struct resources *ret)
{
	*ret = (struct resources){0};
	list_read(json_at(container, "resources.requests"), names, RESOURCE_ASK_MAX, ret);
}

/* Sidecars add up as they begin; each of the others runs alone beside them. */
static void init_read(const struct json *containers, struct resource_names *names, struct resources *sidecars,
	struct resources *most)
{
	json_foreach(c, containers)
	{
		struct resources one;

		container_read(c, names, &one);
		if (str_eq(json_str_at(c, "restartPolicy", NULL), "Always")) {
			resources_add(sidecars, &one);
			larger_take(most, sidecars);
		} else {
			resources_add(&one, sidecars);
			larger_take(most, &one);
		}
	}
}

/* What the pod names as a whole stands in place of its containers' sum. */
static void whole_read(const struct json *requests, struct resource_names *names, struct resources *ret)
{
	struct resources whole = {0};

	list_read(requests, names, RESOURCE_ASK_MAX, &whole);
	for (size_t i = 0; i < RESOURCES_MAX; i++)
		if (whole.of[i] > 0)
			ret->of[i] = whole.of[i];
}

static void asked_limit(struct resources *ret)
{
	for (size_t i = 0; i < RESOURCES_MAX; i++)
		if (ret->of[i] > RESOURCE_ASK_MAX)
			ret->of[i] = RESOURCE_ASK_MAX;
}

void resources_of_pod(const struct json *pod, struct resource_names *names, struct resources *ret)
{
	const struct json *spec = json_member(pod, "spec");
	struct resources sum = {0}, most = {0}, overhead = {0}, one;

	init_read(json_member(spec, "initContainers"), names, &sum, &most);
	json_foreach(c, json_member(spec, "containers"))
	{
		container_read(c, names, &one);
		resources_add(&sum, &one);
		asked_limit(&sum);
	}
	larger_take(&sum, &most);
	whole_read(json_at(spec, "resources.requests"), names, &sum);
	list_read(json_member(spec, "overhead"), names, RESOURCE_ASK_MAX, &overhead);
	resources_add(&sum, &overhead);
	asked_limit(&sum);
	sum.of[RESOURCE_PODS] = 1;
	*ret = sum;
}

void resources_of_node(const struct json *node, struct resource_names *names, struct resources *ret)
{
	*ret = (struct resources){0};
	list_read(json_at(node, "status.allocatable"), names, INT64_MAX, ret);
}
