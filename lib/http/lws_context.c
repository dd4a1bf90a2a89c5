/* SPDX-License-Identifier: Apache-2.0 */
#include <http/lws_context.h>

#include <base/cleanup.h>
#include <base/log.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <uv.h>

enum {
	SERVICE_BUFFER = 32 * 1024, /* bounds the request headers, so the bearer token too */
	/*
	 * A context's handles close in three generations: connections, then its pipe, then timer and idle
	 * handle. Each takes one turn of the loop.
	 */
	CLOSE_GENERATIONS = 4,
};

static pthread_once_t log_once = PTHREAD_ONCE_INIT;

static void on_log(int level, const char *line)
{
	char text[256];
	size_t len = strcspn(line, "\n");

	(void)level;
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, line, len);
	text[len] = 0;
	log_debug("libwebsockets", "line", text);
}

static void redirect_log(void)
{
	lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
}

static void nothing(void *arg)
{
	(void)arg;
}

int http_lws_new(struct loop *l, struct lws_context_creation_info *info, struct lws_context **ret,
	struct lws_vhost **ret_vhost, struct err *e)
{
	void *loops[1] = {loop_uv(l)};
	struct lws_context *context;

	pthread_once(&log_once, redirect_log);
	info->foreign_loops = loops;
	/* With its first vhost made separately, a failure leaves a context that can be taken down as any
	 * other. */
	info->options |= LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info->pt_serv_buf_size = SERVICE_BUFFER;
	info->gid = (gid_t)-1;
	info->uid = (uid_t)-1;
	/* A port of 0 means none; otherwise the library would take http_proxy from the environment and know
	 * no no_proxy. */
	info->http_proxy_address = "none:0";
	context = lws_create_context(info);
	if (!context)
		return err_set(e, -EIO, "HttpUnavailable",
			"libwebsockets does not start: is its libuv plugin installed?");
	*ret_vhost = lws_create_vhost(context, info);
	if (!*ret_vhost) {
		http_lws_release(l, context, nothing, NULL);
		return err_set(e, -EIO, "HttpUnavailable", "libwebsockets cannot be set up");
	}
	*ret = context;
	return 0;
}

void http_lws_wake(struct lws_context *context)
{
	lws_cancel_service(context);
}

/* Handles of our own: idle's close callbacks count the turns, check's callback is where the closing starts.
 */
struct release {
	uv_idle_t idle;
	uv_check_t check;
	bool begun;
	struct lws_context *context;
	unsigned generation;
	void (*released)(void *arg);
	void *arg;
};

/*
 * libwebsockets 4.1 closes the fd of its pipe twice: inside this call, and when libuv has let go of it. From
 * here that is at the end of the same turn, before anything on the loop can have opened another file under
 * that number.
 */
static void on_check(uv_check_t *check)
{
	struct release *r = check->data;

	lws_context_destroy(r->context);
	r->begun = true;
	uv_close((uv_handle_t *)check, NULL);
}

static void on_closed(uv_handle_t *handle)
{
	struct release *r = handle->data;

	if (r->generation == CLOSE_GENERATIONS) {
		lws_context_destroy(r->context); /* the second call frees it */
		r->released(r->arg);
		free(r);
		return;
	}
	r->generation += r->begun;
	uv_idle_init(handle->loop, &r->idle);
	uv_close((uv_handle_t *)&r->idle, on_closed);
}

int http_lws_release(struct loop *l, struct lws_context *context, void (*released)(void *arg), void *arg)
{
	struct release *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->context = context;
	r->released = released;
	r->arg = arg;
	uv_check_init(loop_uv(l), &r->check);
	r->check.data = r;
	uv_check_start(&r->check, on_check);
	uv_idle_init(loop_uv(l), &r->idle);
	r->idle.data = r;
	uv_close((uv_handle_t *)&r->idle, on_closed);
	return 0;
}
