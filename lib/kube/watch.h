/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One watch of the API server from one resourceVersion to its end: over a WebSocket, or chunked HTTP when the
 * upgrade is refused. No cache, no reconnecting: that is the informer. Belongs to the caller until
 * kube_watch_stop or on_end.
 */
#ifndef ESCAPE_KUBE_WATCH_H
#define ESCAPE_KUBE_WATCH_H

#include <kube/client_priv.h>

struct kube_watch;

struct kube_watch_args {
	const struct kube_resource *resource;
	const char *namespace_, *label_selector, *field_selector, *resource_version; /* copied */
	/* {"type": ..., "object": {...}}; the callee takes it. May stop the watch. */
	void (*on_event)(void *arg, struct json *event);
	/* Once. e NULL: the server ended the stream. The watch is gone afterwards. */
	void (*on_end)(void *arg, const struct err *e);
	void *arg;
};

int kube_watch_start(
	struct kube_client *c, const struct kube_watch_args *args, struct kube_watch **ret, struct err *e);
/* No callback runs any more. May be called from its on_event. */
void kube_watch_stop(struct kube_watch *w);

#endif
