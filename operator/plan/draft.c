/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/draft.h"

#include "operator/plan/view.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define HASH_HEX 8

static bool ends_with_hash(const char *name, size_t len)
{
	if (len < HASH_HEX + 2 || name[len - HASH_HEX - 1] != '-')
		return false;
	for (size_t i = len - HASH_HEX; i < len; i++)
		if (!isxdigit((unsigned char)name[i]) || isupper((unsigned char)name[i]))
			return false;
	return true;
}

static void base_name(char *dst, size_t size, const struct world_pod *p)
{
	size_t len = strlen(p->name);

	if (*p->escape && ends_with_hash(p->name, len))
		len -= HASH_HEX + 1;
	if (len > size - 1)
		len = size - 1;
	memcpy(dst, p->name, len);
	dst[len] = '\0';
	for (char *c = dst; *c; c++)
		if (*c == '.')
			*c = '-';
	while (len && dst[len - 1] == '-')
		dst[--len] = '\0';
}

void draft_name(char dst[static API_LABEL_MAX], const struct world_pod *p, const char *cause, size_t attempt)
{
	char identity[2 * API_UID_MAX + 32], base[API_LABEL_MAX - HASH_HEX - 1];
	uint64_t hash;

	str_fmt(identity, sizeof(identity), "%s/%s/%zu", cause, p->uid, attempt);
	hash = str_hash64(identity, strlen(identity));
	base_name(base, sizeof(base), p);
	str_fmt(dst, API_LABEL_MAX, "%s-%08" PRIx32, base, (uint32_t)(hash ^ hash >> 32));
}

static void address_add(struct escape_spec *s, const char *address)
{
	if (!*address || s->n_addresses == API_ADDRESSES_MAX)
		return;
	for (size_t i = 0; i < s->n_addresses; i++)
		if (str_eq(s->addresses[i], address))
			return;
	str_copy(s->addresses[s->n_addresses++], API_ADDRESS_MAX, address);
}

static void move_fill(struct escape *x, const struct draft *d)
{
	bool address_moves = d->pod->policy->network.mode == NETWORK_ADDRESS;

	str_copy(x->spec.destination_node, sizeof(x->spec.destination_node), d->placement->node);
	str_copy(x->spec.successor, sizeof(x->spec.successor), x->name);
	str_fmt(x->spec.seed, sizeof(x->spec.seed), "%" PRIu64, d->seed);
	for (size_t i = 0; i < d->pod->n_addresses && address_moves; i++)
		address_add(&x->spec, d->pod->addresses[i]);
	if (address_moves)
		address_add(&x->spec, d->pod->ip);
	x->status.n_candidates = d->placement->n_candidates;
	memcpy(x->status.candidates, d->placement->candidates, sizeof(x->status.candidates));
	x->status.choice = d->placement->choice;
}

static void spec_fill(struct escape *x, const struct world *w, const struct draft *d)
{
	const struct world_pod *p = d->pod;
	char name[API_LABEL_MAX];

	if (d->anomaly)
		draft_name(name, p, d->anomaly->id, view_attempts(w, p->uid, d->anomaly->id));
	else
		draft_name(name, p, d->cause, 0);
	str_copy(x->name, sizeof(x->name), name);
	str_copy(x->namespace_, sizeof(x->namespace_), p->namespace_);
	x->spec.kind = d->kind;
	x->spec.state = d->state;
	x->spec.network = p->policy->network.mode;
	str_copy(x->spec.policy, sizeof(x->spec.policy), p->policy->name);
	str_copy(x->spec.pod_name, sizeof(x->spec.pod_name), p->name);
	str_copy(x->spec.pod_uid, sizeof(x->spec.pod_uid), p->uid);
	str_copy(x->spec.container, sizeof(x->spec.container), d->container);
	str_copy(x->spec.source_node, sizeof(x->spec.source_node), p->node);
	str_copy(x->spec.reason, sizeof(x->spec.reason), d->reason);
	str_copy(x->spec.message, sizeof(x->spec.message), d->message);
	str_copy(x->spec.anomaly, sizeof(x->spec.anomaly), d->anomaly ? d->anomaly->id : "");
	if (d->kind == ESCAPE_MOVE)
		move_fill(x, d);
	/* Another pod's alarm is another tenant's affair. */
	if (d->anomaly && str_eq(d->anomaly->pod_uid, p->uid))
		x->status.evidence = *d->anomaly;
}

/*
 * What is said once, at the beginning: {"status": {"choice": {}, "candidates": [], "evidence": {}}}, NULL and
 * 0 for none of it. No resourceVersion: nobody else writes it.
 */
static int birth_status(const struct escape *x, struct json **ret)
{
	static const char *const keys[] = {"choice", "candidates", "evidence"};
	auto_json struct json *status = encode(ESCAPE_STATUS_FIELDS, &x->status);
	auto_json struct json *patch = json_new_obj();
	struct json *part = json_obj_at(patch, "status");

	if (!status || !part)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct json *value = json_member(status, keys[i]);

		if (value && json_set(part, keys[i], json_dup(value)))
			return -ENOMEM;
	}
	*ret = json_first(part) ? TAKE_PTR(patch) : NULL;
	return 0;
}

void draft_add(const struct world *w, const struct draft *d, struct actions *out)
{
	auto_free struct escape *x = calloc(1, sizeof(*x));
	struct action *a;

	if (!x) {
		out->failed = true;
		return;
	}
	spec_fill(x, w, d);
	a = action_add(out, ACTION_CREATE_ESCAPE, x->namespace_, x->name, "");
	a->object = escape_encode_new(x);
	if (!a->object || birth_status(x, &a->status))
		out->failed = true;
	action_event(out, "Pod", d->pod->namespace_, d->pod->name, d->pod->uid, "Normal", "EscapeCreated",
		x->name, "%s %s%s%s: %s", ESCAPE_KIND_NAMES[d->kind], x->name,
		*x->spec.destination_node ? " to " : "", x->spec.destination_node, d->message);
}
