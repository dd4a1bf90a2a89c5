/* SPDX-License-Identifier: Apache-2.0 */
#include <http/routes.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>
#include <utlist.h>

struct http_route {
	struct http_route *next;
	char *method, *path;
	http_handler handler;
	void *arg;
};

static void route_free(struct http_route *r)
{
	free(r->method);
	free(r->path);
	free(r);
}

int http_routes_add(
	struct http_route **routes, const char *method, const char *path, http_handler handler, void *arg)
{
	struct http_route *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->method = strdup(method);
	r->path = strdup(path);
	r->handler = handler;
	r->arg = arg;
	if (!r->method || !r->path) {
		route_free(r);
		return -ENOMEM;
	}
	LL_APPEND(*routes, r);
	return 0;
}

void http_routes_free(struct http_route *routes)
{
	while (routes) {
		struct http_route *next = routes->next;

		route_free(routes);
		routes = next;
	}
}

void http_answer_plain(struct http_answer *answer, int status, const char *text)
{
	answer->status = status;
	answer->content_type = "text/plain; charset=utf-8";
	buf_free(&answer->body);
	answer->body = BUF_INIT(HTTP_ANSWER_MAX);
	buf_addf(&answer->body, "%s\n", text);
}

void http_routes_answer(
	const struct http_route *routes, const struct http_call *call, struct http_answer *answer)
{
	bool known = false;

	for (const struct http_route *r = routes; r; r = r->next) {
		if (!str_eq(r->path, call->path))
			continue;
		known = true;
		if (!str_eq(r->method, call->method))
			continue;
		r->handler(r->arg, call, answer);
		if (answer->body.failed)
			http_answer_plain(answer, 500, "the answer is too large");
		return;
	}
	if (known)
		http_answer_plain(answer, 405, "method not allowed");
	else
		http_answer_plain(answer, 404, "not found");
}
