/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the API server, for a program that asks, waits and ends. Not for daemons: each call
 * blocks. */
#ifndef ESCAPE_CLI_SESSION_H
#define ESCAPE_CLI_SESSION_H

#include "options.h"

#include <kube/client.h>

struct session;

int session_open(const struct options *o, struct session **ret, struct err *e);
void session_close(struct session *s);
static inline void cleanup_sessionp(struct session **s)
{
	session_close(*s);
}
#define auto_session __attribute__((cleanup(cleanup_sessionp)))

/* -n, else the context's. Borrowed. */
const char *session_namespace(const struct session *s);
/* namespace_ NULL: all, or a kind without namespaces. Caller frees *ret with json_free. */
int session_list(struct session *s, const struct kube_resource *r, const char *namespace_, struct json **ret,
	struct err *e);
int session_create(struct session *s, const struct kube_resource *r, const struct json *object,
	struct json **ret, struct err *e);
/* Merge patch. -ENOENT: there is none of that name. */
int session_patch(struct session *s, const struct kube_resource *r, const char *name,
	const struct json *patch, struct json **ret, struct err *e);
/* Of this uid only. */
int session_delete(
	struct session *s, const struct kube_resource *r, const char *name, const char *uid, struct err *e);
int session_get(
	struct session *s, const struct kube_resource *r, const char *name, struct json **ret, struct err *e);

#endif
