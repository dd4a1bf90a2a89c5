/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_api_priv.h"

#include <arpa/inet.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#define BODY_MAX (1 << 20)

struct connection {
	struct fake_api *api;
	FILE *in, *out;
};

struct request {
	char method[8], path[600], query[1200];
	bool upgrade;
	struct json *body;
};

/* False: the peer is gone or does not speak HTTP. */
static bool request_read(FILE *in, struct request *r)
{
	char line[4096], target[1900];
	auto_free char *body = NULL;
	size_t len = 0;

	memset(r, 0, sizeof(*r));
	if (!fgets(line, sizeof(line), in) || sscanf(line, "%7s %1899s", r->method, target) != 2)
		return false;
	if (sscanf(target, "%599[^?]?%1199s", r->path, r->query) < 1)
		return false;
	while (fgets(line, sizeof(line), in) && !str_eq(line, "\r\n")) {
		if (!strncasecmp(line, "content-length:", 15))
			len = strtoul(line + 15, NULL, 10);
		if (!strncasecmp(line, "upgrade:", 8))
			r->upgrade = true;
	}
	if (!len || len > BODY_MAX)
		return len == 0;
	body = malloc(len + 1);
	return body && fread(body, 1, len, in) == len && !json_parse(body, len, BODY_MAX, &r->body, NULL);
}

static bool reply(FILE *out, int status, const struct json *object)
{
	auto_free char *text = json_print(object);

	fprintf(out, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		status, strlen(text), text);
	return fflush(out) == 0;
}

/* The next event of the collection after the version; waits for it. NULL: stopping, or nothing for a while.
 */
static const struct event *event_after(struct fake_api *a, const char *collection, int64_t version)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	while (!a->stopping) {
		for (const struct event *e = a->events; e; e = e->next)
			if (e->version > version && str_eq(e->collection, collection))
				return e;
		if (pthread_cond_timedwait(&a->changed, &a->lock, &until))
			return NULL;
	}
	return NULL;
}

/* Bookmarks show whether the peer is still there. */
static void watch(struct connection *c, const struct address *at, int64_t version)
{
	struct fake_api *a = c->api;
	bool open = true;

	fprintf(c->out,
		"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
	open = fflush(c->out) == 0;
	while (open) {
		const struct event *e;
		char bookmark[200];

		pthread_mutex_lock(&a->lock);
		e = event_after(a, at->collection, version);
		version = e ? e->version : version;
		open = !a->stopping;
		pthread_mutex_unlock(&a->lock);
		str_fmt(bookmark, sizeof(bookmark),
			"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"%lld\"}}}\n",
			(long long)version);
		fprintf(c->out, "%zx\r\n%s\r\n", strlen(e ? e->line : bookmark), e ? e->line : bookmark);
		open = fflush(c->out) == 0 && open;
	}
}

static int injected_failure(struct fake_api *a, const struct request *r)
{
	struct failure *f = &a->failure;

	if (!f->left || !str_eq(f->method, r->method) || !strstr(r->path, f->part))
		return 0;
	f->left--;
	return f->status;
}

static void remember(struct fake_api *a, const struct request *r)
{
	struct seen *s = calloc(1, sizeof(*s));

	str_copy(s->method, sizeof(s->method), r->method);
	str_copy(s->path, sizeof(s->path), r->path);
	s->next = a->seen;
	a->seen = s;
}

static bool serve(struct connection *c, const struct request *r)
{
	const char *version = strstr(r->query, "resourceVersion=");
	auto_json struct json *object = NULL;
	struct address at;
	int status;

	if (address_parse(r->path, &at) || r->upgrade) {
		object = status_make(403, "Forbidden", "not here");
		return reply(c->out, 403, object);
	}
	if (strstr(r->query, "watch=1")) {
		watch(c, &at, version ? strtoll(version + 16, NULL, 10) : 0);
		return false;
	}
	pthread_mutex_lock(&c->api->lock);
	remember(c->api, r);
	status = injected_failure(c->api, r);
	if (status)
		object = status_make(status, status == 409 ? "Conflict" : "InternalError", "injected");
	else
		status = store_call(c->api, r->method, &at, r->body, &object);
	pthread_mutex_unlock(&c->api->lock);
	return reply(c->out, status, object);
}

static void *connection_run(void *arg)
{
	struct connection *c = arg;
	struct fake_api *a = c->api;
	struct request r;
	bool open = true;

	while (open && request_read(c->in, &r)) {
		open = serve(c, &r);
		json_free(r.body);
	}
	fclose(c->in);
	fclose(c->out);
	free(c);
	pthread_mutex_lock(&a->lock);
	a->connections--;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void *accept_run(void *arg)
{
	struct fake_api *a = arg;
	int fd;

	while ((fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct timeval patience = {.tv_sec = 1};
		struct connection *c = calloc(1, sizeof(*c));
		pthread_t thread;

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		c->api = a;
		c->in = fdopen(fd, "r");
		c->out = fdopen(dup(fd), "w");
		pthread_mutex_lock(&a->lock);
		a->connections++;
		pthread_mutex_unlock(&a->lock);
		if (pthread_create(&thread, NULL, connection_run, c))
			abort();
		pthread_detach(thread);
	}
	return NULL;
}

struct fake_api *fake_api_start(void)
{
	struct fake_api *a = calloc(1, sizeof(*a));
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);

	signal(SIGPIPE, SIG_IGN); /* clients are killed while they are written to */
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	a->last_event = &a->events;
	a->version = 100;
	a->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(a->listener, (struct sockaddr *)&addr, len) || listen(a->listener, 64) ||
		getsockname(a->listener, (struct sockaddr *)&addr, &len) ||
		pthread_create(&a->acceptor, NULL, accept_run, a))
		abort();
	a->port = ntohs(addr.sin_port);
	return a;
}

int fake_api_port(const struct fake_api *a)
{
	return a->port;
}

void fake_api_stop(struct fake_api *a)
{
	shutdown(a->listener, SHUT_RDWR);
	pthread_join(a->acceptor, NULL);
	close(a->listener);
	pthread_mutex_lock(&a->lock);
	a->stopping = true;
	pthread_cond_broadcast(&a->changed);
	while (a->connections)
		pthread_cond_wait(&a->changed, &a->lock);
	pthread_mutex_unlock(&a->lock);
	store_free(a);
	free(a);
}

int fake_api_call(
	struct fake_api *a, const char *method, const char *path, const struct json *body, struct json **ret)
{
	auto_json struct json *object = NULL;
	struct address at;
	int status;

	if (address_parse(path, &at))
		return 404;
	pthread_mutex_lock(&a->lock);
	status = store_call(a, method, &at, body, &object);
	pthread_mutex_unlock(&a->lock);
	if (ret)
		*ret = TAKE_PTR(object);
	return status;
}

void fake_api_remove(struct fake_api *a, const char *path)
{
	auto_json struct json *now = json_new_obj();

	json_set_num(now, "gracePeriodSeconds", 0);
	fake_api_call(a, "DELETE", path, now, NULL);
}

size_t fake_api_count(struct fake_api *a, const char *collection)
{
	auto_json struct json *list = NULL;

	fake_api_call(a, "GET", collection, NULL, &list);
	return json_len(json_member(list, "items"));
}

void fake_api_fail(struct fake_api *a, const char *method, const char *part, int status, unsigned n)
{
	pthread_mutex_lock(&a->lock);
	str_copy(a->failure.method, sizeof(a->failure.method), method);
	str_copy(a->failure.part, sizeof(a->failure.part), part);
	a->failure.status = status;
	a->failure.left = n;
	pthread_mutex_unlock(&a->lock);
}

unsigned fake_api_seen(struct fake_api *a, const char *method, const char *part)
{
	unsigned n = 0;

	pthread_mutex_lock(&a->lock);
	for (const struct seen *s = a->seen; s; s = s->next)
		n += str_eq(s->method, method) && strstr(s->path, part);
	pthread_mutex_unlock(&a->lock);
	return n;
}
