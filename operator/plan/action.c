/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/action.h"

#include <base/str.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void action_clear(struct action *a)
{
	json_free(a->object);
	json_free(a->status);
	memset(a, 0, sizeof(*a));
}

void actions_free(struct actions *a)
{
	for (size_t i = 0; i < a->n; i++)
		action_clear(&a->items[i]);
	action_clear(&a->spare);
	free(a->items);
	memset(a, 0, sizeof(*a));
}

static bool actions_reserve(struct actions *a)
{
	size_t cap = a->cap ? a->cap * 2 : 8;
	struct action *items;

	if (a->n < a->cap)
		return true;
	items = realloc(a->items, cap * sizeof(*items));
	if (!items)
		return false;
	a->items = items;
	a->cap = cap;
	return true;
}

struct action *action_add(
	struct actions *a, enum action_kind kind, const char *namespace_, const char *name, const char *uid)
{
	struct action *x = &a->spare;

	if (actions_reserve(a)) {
		x = &a->items[a->n++];
		memset(x, 0, sizeof(*x));
	} else {
		a->failed = true;
		action_clear(x);
	}
	x->kind = kind;
	str_copy(x->namespace_, sizeof(x->namespace_), namespace_);
	str_copy(x->name, sizeof(x->name), name);
	str_copy(x->uid, sizeof(x->uid), uid);
	return x;
}

void actions_wake(struct actions *a, int64_t at_ms)
{
	if (!a->wake_ms || at_ms < a->wake_ms)
		a->wake_ms = at_ms;
}

void action_event(struct actions *a, const char *regarding, const char *namespace_, const char *name,
	const char *uid, const char *type, const char *reason, const char *once, const char *fmt, ...)
{
	struct action *x = action_add(a, ACTION_EVENT, namespace_, name, uid);
	va_list ap;

	x->event.kind = regarding;
	x->event.type = type;
	str_copy(x->event.reason, sizeof(x->event.reason), reason);
	str_copy(x->event.once, sizeof(x->event.once), once);
	va_start(ap, fmt);
	vsnprintf(x->event.message, sizeof(x->event.message), fmt, ap);
	va_end(ap);
}

struct action *action_step(struct actions *a, const struct escape *x, enum escape_phase to, int64_t now_ms,
	const char *reason, const char *message, struct json *extra)
{
	struct action *step = action_add(a, ACTION_PATCH_ESCAPE, x->namespace_, x->name, x->uid);

	step->object = escape_patch_phase(x, to, ACTOR_OPERATOR, now_ms, reason, message, NULL, 0, extra);
	if (!step->object)
		a->failed = true;
	return step;
}

struct action *action_delete_pod(struct actions *a, const struct world_pod *p)
{
	return action_add(a, ACTION_DELETE_POD, p->namespace_, p->name, p->uid);
}

void action_need_gone(struct action *a, const char *pod_name, const char *pod_uid)
{
	size_t i = *a->need.gone[0].name ? 1 : 0;

	str_copy(a->need.gone[i].name, sizeof(a->need.gone[i].name), pod_name);
	str_copy(a->need.gone[i].uid, sizeof(a->need.gone[i].uid), pod_uid);
}

void action_need_version(struct action *a, const struct escape *x)
{
	str_copy(a->need.escape, sizeof(a->need.escape), x->name);
	str_copy(a->need.version, sizeof(a->need.version), x->resource_version);
}
