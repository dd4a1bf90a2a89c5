/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of one kind by namespace and name, and what a list or an event changes in them. No I/O.
 * Replaced and removed objects are parked, not freed, until kube_cache_sweep: whoever looked one up in this
 * turn of the loop may still hold it.
 */
#ifndef ESCAPE_KUBE_CACHE_H
#define ESCAPE_KUBE_CACHE_H

#include <kube/informer.h>

struct kube_cache;

int kube_cache_new(struct kube_cache **ret);
void kube_cache_free(struct kube_cache *c);
const struct json *kube_cache_get(const struct kube_cache *c, const char *namespace_, const char *name);
size_t kube_cache_count(const struct kube_cache *c);
void kube_cache_each(const struct kube_cache *c, kube_visit visit, void *arg);

/* What one step of kube_cache_put or kube_cache_remove changed; pointers are borrowed from the cache. */
struct kube_cache_change {
	bool changed;
	enum kube_change change;
	const struct json *object, *old;
};

/*
 * object is a member of root (or root itself); root is taken, also on failure. Nothing has changed when the
 * resourceVersion is the known one. -EINVAL: no name; -ENOMEM.
 */
int kube_cache_put(
	struct kube_cache *c, struct json *root, const struct json *object, struct kube_cache_change *ret);
/* object, inside root (taken), is the final state of the one to remove. */
void kube_cache_remove(
	struct kube_cache *c, struct json *root, const struct json *object, struct kube_cache_change *ret);
/* Removes the known object of this name when it has another uid: it was deleted and made anew, unseen. Before
 * kube_cache_put. */
bool kube_cache_remove_other(struct kube_cache *c, const struct json *object, struct kube_cache_change *ret);

/* A list: mark all, put what it holds (clears the mark), then remove what is still marked, one by one. */
void kube_cache_mark(struct kube_cache *c);
bool kube_cache_remove_marked(struct kube_cache *c, struct kube_cache_change *ret);

/* Frees what is parked. Not from inside a handler. */
void kube_cache_sweep(struct kube_cache *c);
bool kube_cache_has_parked(const struct kube_cache *c);

#endif
