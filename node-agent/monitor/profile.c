/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles in and out of the map of known bags. A profile that is set gets a new id and is filled before the
 * programs hear of it, so that no call is judged by half of one.
 */
#include "fused.h"
#include "internal.h"
#include "monitor.skel.h"

#include <base/cleanup.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 4096

struct batch {
	struct monitor_bag_key keys[BATCH];
	struct monitor_bag values[BATCH];
};

typedef int (*on_bag)(void *arg, const struct monitor_bag_key *key);

/* Calls cb for each bag of the profile; a non-zero answer ends it. */
static int bags_walk(const struct monitor *m, uint32_t profile, on_bag cb, void *arg)
{
	auto_free struct batch *b = malloc(sizeof(*b));
	uint32_t token, count;
	void *in = NULL;
	int r, err;

	if (!b)
		return -ENOMEM;
	do {
		count = BATCH;
		err = bpf_map_lookup_batch(monitor_bags_fd(m), in, &token, b->keys, b->values, &count, NULL);
		if (err < 0 && errno != ENOENT)
			return -errno;
		for (uint32_t i = 0; i < count; i++) {
			if (b->keys[i].profile != profile)
				continue;
			r = cb(arg, &b->keys[i]);
			if (r)
				return r;
		}
		in = &token;
	} while (err == 0);
	return 0;
}

struct keys {
	struct monitor_bag_key *at;
	size_t n, cap;
};

static int keys_add(void *arg, const struct monitor_bag_key *key)
{
	struct keys *k = arg;

	if (k->n == k->cap) {
		size_t cap = k->cap ? k->cap * 2 : 1024;
		void *at = reallocarray(k->at, cap, sizeof(*k->at));

		if (!at)
			return -ENOMEM;
		k->at = at;
		k->cap = cap;
	}
	k->at[k->n++] = *key;
	return 0;
}

void monitor_bags_drop(const struct monitor *m, uint32_t profile)
{
	struct keys k = {0};

	bags_walk(m, profile, keys_add, &k);
	for (size_t i = 0; i < k.n; i++)
		bpf_map_delete_elem(monitor_bags_fd(m), &k.at[i]);
	free(k.at);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Sorts and removes what is there twice; returns how many are left. */
static size_t sort_unique(uint64_t *bags, size_t n)
{
	size_t kept = 0;

	qsort(bags, n, sizeof(*bags), compare_u64);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || bags[i] != bags[kept - 1])
			bags[kept++] = bags[i];
	return kept;
}

int monitor_watch_profile_get(const struct monitor_watch *w, uint64_t **ret, size_t *ret_n)
{
	auto_free uint64_t *bags = NULL;
	struct keys k = {0};
	int r = bags_walk(w->monitor, monitor_conf_of(w)->profile, keys_add, &k);

	if (r == 0 && k.n) {
		bags = calloc(k.n, sizeof(*bags));
		if (!bags)
			r = -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < k.n; i++)
		bags[i] = k.at[i].bag;
	free(k.at);
	if (r < 0)
		return r;
	/* A map that grows while it is walked may show a key twice. */
	*ret_n = bags ? sort_unique(bags, k.n) : 0;
	*ret = TAKE_PTR(bags);
	return 0;
}

static int bags_put(const struct monitor *m, uint32_t profile, const uint64_t *bags, size_t n)
{
	auto_free struct batch *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	for (size_t done = 0; done < n;) {
		uint32_t count = (uint32_t)(n - done < BATCH ? n - done : BATCH);

		for (uint32_t i = 0; i < count; i++) {
			b->keys[i] = (struct monitor_bag_key){.bag = bags[done + i], .profile = profile};
			b->values[i] = (struct monitor_bag){.epoch = UINT32_MAX};
		}
		done += count;
		if (bpf_map_update_batch(monitor_bags_fd(m), b->keys, b->values, &count, NULL) < 0)
			return -errno;
	}
	return 0;
}

int monitor_watch_profile_set(struct monitor_watch *w, const uint64_t *bags, size_t n, struct err *e)
{
	struct monitor *m = w->monitor;
	struct monitor_conf *c = monitor_conf_of(w);
	uint32_t old = c->profile, id = monitor_next_id(m);
	auto_free uint64_t *sorted = NULL;
	int r;

	if (n > MONITOR_BAGS_PER_WATCH)
		return err_set(e, -E2BIG, "ProfileTooLarge", "a profile of %zu bags: at most %d are kept", n,
			MONITOR_BAGS_PER_WATCH);
	if (n) {
		sorted = malloc(n * sizeof(*sorted));
		if (!sorted)
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu bags", n);
		for (size_t i = 0; i < n; i++)
			sorted[i] = bosc_key(bags[i]);
		n = sort_unique(sorted, n);
	}
	r = bags_put(m, id, sorted, n);
	if (r < 0) {
		monitor_bags_drop(m, id);
		return err_set(e, r, "ProfileStore", "the node's table of %d bags did not take %zu more: %s",
			MONITOR_BAGS, n, strerror(-r));
	}
	c->profile = id;
	c->preset = (uint32_t)n;
	monitor_conf_commit(c);
	monitor_bags_drop(m, old);
	r = w->detector == MONITOR_FUSED ? fused_forget(w, old) : 0;
	return r < 0 ? err_set(e, r, "ProfileStore", "cannot renew the map of known pairs: %s", strerror(-r))
		     : 0;
}
