/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A local copy of all objects of one kind (optionally of one namespace or selector), kept current: list, then
 * watch from its resourceVersion. The watch goes over a WebSocket (libwebsockets); where a proxy refuses the
 * upgrade it falls back to a chunked HTTP watch. Bookmarks move the resourceVersion; 410 Gone lists again; a
 * lost connection reconnects with back-off and jitter. An event may be larger than any receive buffer.
 * Handlers run on the loop.
 */
#ifndef ESCAPE_KUBE_INFORMER_H
#define ESCAPE_KUBE_INFORMER_H

#include <kube/client.h>

struct kube_informer;

enum kube_change { KUBE_ADDED, KUBE_UPDATED, KUBE_REMOVED };
/* object is the new state (the last known one when removed), borrowed until the next change of that key; old
 * NULL when added. */
typedef void (*kube_on_change)(
	void *arg, enum kube_change change, const struct json *object, const struct json *old);

struct kube_informer_args {
	const struct kube_resource *resource;
	const char *namespace_;     /* NULL: all */
	const char *label_selector; /* NULL: none; copied */
	const char *field_selector; /* NULL: none; copied */
	kube_on_change on_change;
	void (*on_synced)(void *arg); /* once, after the first list was delivered */
	void *arg;
};

int kube_informer_new(struct kube_client *c, const struct kube_informer_args *args,
	struct kube_informer **ret, struct err *e);
void kube_informer_free(struct kube_informer *i);
bool kube_informer_synced(const struct kube_informer *i);
/* ms since the server was last heard from (events, bookmarks or lists), for readiness and metrics. */
int64_t kube_informer_age_ms(const struct kube_informer *i);
/* Borrowed until the next turn of the loop; NULL when absent. namespace_ NULL for cluster-scoped kinds. */
const struct json *kube_informer_get(const struct kube_informer *i, const char *namespace_, const char *name);
size_t kube_informer_count(const struct kube_informer *i);
typedef void (*kube_visit)(void *arg, const struct json *object);
void kube_informer_each(const struct kube_informer *i, kube_visit visit, void *arg);

#endif
