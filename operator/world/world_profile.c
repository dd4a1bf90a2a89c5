/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/world/world_priv.h"

#include <api/profile.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>

static struct world_profile *profile_find(const struct world *w, const char *namespace_, const char *name)
{
	struct world_profile *entry;
	char key[WORLD_KEY_MAX];

	str_fmt(key, sizeof(key), "%s/%s", namespace_, name);
	HASH_FIND_STR(w->profiles, key, entry);
	return entry;
}

static struct world_profile *profile_entry(struct world *w, const char *namespace_, const char *name)
{
	struct world_profile *entry = profile_find(w, namespace_, name);

	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	str_fmt(entry->key, sizeof(entry->key), "%s/%s", namespace_, name);
	HASH_ADD_STR(w->profiles, key, entry);
	if (entry->hh.tbl)
		return entry;
	free(entry);
	return NULL;
}

static void profile_fill(struct world_profile *dst, const struct profile *p, const struct json *obj)
{
	int64_t created_ms = 0;

	clock_parse(json_str_at(obj, "metadata.creationTimestamp", ""), &created_ms);
	dst->created_ms = created_ms;
	str_copy(dst->namespace_, sizeof(dst->namespace_), p->namespace_);
	str_copy(dst->name, sizeof(dst->name), p->name);
	str_copy(dst->uid, sizeof(dst->uid), json_str_at(obj, "metadata.uid", ""));
	str_copy(dst->resource_version, sizeof(dst->resource_version), p->resource_version);
	str_copy(dst->workload, sizeof(dst->workload), p->workload);
	str_copy(dst->container, sizeof(dst->container), p->container);
	str_copy(dst->image, sizeof(dst->image), p->image);
	dst->window_size = p->window_size;
	dst->epoch_size = p->epoch_size;
	dst->state = p->state;
	str_copy(dst->held, sizeof(dst->held), p->held.message);
}

int world_put_profile(struct world *w, const struct json *obj, struct err *e)
{
	struct world_profile *entry;
	struct profile p;

	if (profile_decode_head(obj, &p, e)) {
		world_drop_profile(
			w, json_str_at(obj, "metadata.namespace", ""), json_str_at(obj, "metadata.name", ""));
		return e ? e->code : -EINVAL;
	}
	entry = profile_entry(w, p.namespace_, p.name);
	if (!entry)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for profile %s", p.name);
	profile_fill(entry, &p, obj);
	return 0;
}

void world_drop_profile(struct world *w, const char *namespace_, const char *name)
{
	struct world_profile *entry = profile_find(w, namespace_, name);

	if (!entry)
		return;
	HASH_DEL(w->profiles, entry);
	free(entry);
}

void world_profiles_free(struct world *w)
{
	struct world_profile *p, *next;

	HASH_ITER(hh, w->profiles, p, next)
	{
		HASH_DEL(w->profiles, p);
		free(p);
	}
}
