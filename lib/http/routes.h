/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler answers a method and path, and the answers when none does. Not for users of lib/http. */
#ifndef ESCAPE_HTTP_ROUTES_H
#define ESCAPE_HTTP_ROUTES_H

#include <http/server.h>

#define HTTP_ANSWER_MAX (16u << 20)

struct http_route;

int http_routes_add(
	struct http_route **routes, const char *method, const char *path, http_handler handler, void *arg);
void http_routes_free(struct http_route *routes);
/* 404 for unknown paths, 405 for other methods, 500 when the handler's answer does not fit. */
void http_routes_answer(
	const struct http_route *routes, const struct http_call *call, struct http_answer *answer);
/* One line of text instead of whatever the answer held. */
void http_answer_plain(struct http_answer *answer, int status, const char *text);

#endif
