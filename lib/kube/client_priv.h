/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of lib/kube share: the client's insides and the single request with its retries. Not for
 * users of lib/kube. A call belongs to its client and frees itself after its done. Loop thread only.
 */
#ifndef ESCAPE_KUBE_CLIENT_PRIV_H
#define ESCAPE_KUBE_CLIENT_PRIV_H

#include <base/backoff.h>
#include <base/buf.h>
#include <http/client.h>
#include <http/ws.h>
#include <kube/client.h>

#define KUBE_DEADLINE_MS (30 * 1000)
#define KUBE_OBJECT_MAX (16u << 20)
#define KUBE_LIST_MAX (64u << 20)
#define KUBE_AUTH_MAX (80u << 10)

struct kube_call;

struct kube_client {
	struct loop *loop;
	struct kube_config config;
	struct http_client *http;
	struct ws_client *ws; /* made by the first watch */
	struct kube_call *calls;
	char component[64];
	char instance[254];
	uint32_t deadline_ms;
	int64_t token_read_ms;  /* monotonic */
	int64_t no_ws_until_ms; /* monotonic: a proxy refused the upgrade */
	unsigned events_in_flight;
	uint64_t rng;
	bool dead;
};

struct kube_call_args {
	const char *method;
	const char *path;         /* with the query; copied */
	const char *content_type; /* of the body; static */
	const struct json *body;  /* NULL: none; copied */
	bool idempotent;
	uint32_t deadline_ms; /* 0: the client's */
	size_t max_body;      /* 0: KUBE_OBJECT_MAX */
};

/* 0: done runs exactly once, later. ret may be NULL. */
int kube_call_start(struct kube_client *c, const struct kube_call_args *args, kube_done done, void *arg,
	struct kube_call **ret);
/* done does not run any more. */
void kube_call_cancel(struct kube_call *call);
/* Ends all calls with -ECANCELED. */
void kube_calls_abort(struct kube_client *c);

/* "Authorization: Bearer ..." of the current token, re-read when it may have rotated; empty without one.
 * Caller frees with kube_auth_free. */
int kube_auth_header(struct kube_client *c, bool reread, struct buf *b);
void kube_auth_free(struct buf *b);

struct kube_list_op;
/* As kube_list, but can be cancelled. The client's deadline is that of one page. */
int kube_list_start(struct kube_client *c, const struct kube_resource *r, const char *namespace_,
	const char *label_selector, const char *field_selector, kube_done done, void *arg,
	struct kube_list_op **ret);
void kube_list_cancel(struct kube_list_op *op);

#endif
