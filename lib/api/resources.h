/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pod asks of a node and what a node has, counted as kube-scheduler counts it. Names other than the
 * four that every node has are given a number when they are first met, as long as there is room; what has
 * none is not counted (kube-scheduler still counts it). Pure; nothing is owned.
 */
#ifndef ESCAPE_API_RESOURCES_H
#define ESCAPE_API_RESOURCES_H

#include <doc/json.h>

enum { RESOURCE_CPU, RESOURCE_MEMORY, RESOURCE_EPHEMERAL, RESOURCE_PODS, RESOURCES_COMMON };
enum { RESOURCES_MAX = 12 };
#define RESOURCE_NAME_MAX 128
/* What one pod can ask of one resource here: so many that all pods of a large cluster together fit in 63
 * bits. */
#define RESOURCE_ASK_MAX (INT64_C(1) << 45)

struct resource_names {
	char name[RESOURCES_MAX][RESOURCE_NAME_MAX]; /* from RESOURCES_COMMON on */
	size_t n;                                    /* all together; 0 before the first use */
};

/* By number; CPU in thousandths, memory and storage in bytes, the others in whole units. */
struct resources {
	int64_t of[RESOURCES_MAX];
};

/*
 * What scheduling this pod takes: the containers together with the sidecars, or the init container that asks
 * for most beside the sidecars begun before it, whichever is more; the pod's own resources where it names
 * some; overhead; one pod. What cannot be read counts as nothing, what is beyond RESOURCE_ASK_MAX as that.
 */
void resources_of_pod(const struct json *pod, struct resource_names *names, struct resources *ret);
/* status.allocatable. */
void resources_of_node(const struct json *node, struct resource_names *names, struct resources *ret);
const char *resource_name(const struct resource_names *names, size_t number);

static inline void resources_add(struct resources *dst, const struct resources *more)
{
	for (size_t i = 0; i < RESOURCES_MAX; i++)
		dst->of[i] += more->of[i];
}

static inline void resources_take(struct resources *dst, const struct resources *less)
{
	for (size_t i = 0; i < RESOURCES_MAX; i++)
		dst->of[i] -= less->of[i];
}

/* The first resource of which more is asked than is free; RESOURCES_MAX: it fits. */
static inline size_t resources_short(
	const struct resources *ask, const struct resources *has, const struct resources *used)
{
	size_t i = 0;

	while (i < RESOURCES_MAX && (ask->of[i] <= 0 || ask->of[i] <= has->of[i] - used->of[i]))
		i++;
	return i;
}

#endif
