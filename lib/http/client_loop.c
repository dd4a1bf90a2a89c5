/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <http/client_priv.h>
#include <stdlib.h>

static void client_drive(struct http_client *c, curl_socket_t fd, int mask)
{
	int running;

	http_client_enter(c);
	c->in_curl = true;
	curl_multi_socket_action(c->multi, fd, mask, &running);
	c->in_curl = false;
	http_client_leave(c);
}

static void on_timer(void *arg)
{
	client_drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_client *c = arg;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_stop(c->timer);
	else
		loop_timer_start(c->timer, (uint64_t)timeout_ms, 0);
	return 0;
}

struct http_socket {
	struct http_client *client;
	struct loop_poll *poll;
	curl_socket_t fd;
};

static void on_socket_ready(void *arg, int events)
{
	struct http_socket *s = arg;
	int mask = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
		   (events & LOOP_HUP ? CURL_CSELECT_ERR : 0);

	client_drive(s->client, s->fd, mask);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http_client *c = arg;
	struct http_socket *s = socket_arg;
	int events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			loop_poll_free(s->poll);
		free(s);
		curl_multi_assign(c->multi, fd, NULL);
		return 0;
	}
	if (s)
		return loop_poll_set(s->poll, events) ? -1 : 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -1;
	s->client = c;
	s->fd = fd;
	if (loop_poll_new(c->loop, fd, events, on_socket_ready, s, &s->poll)) {
		free(s);
		return -1;
	}
	curl_multi_assign(c->multi, fd, s);
	return 0;
}

int http_client_attach(struct http_client *c)
{
	if (loop_timer_new(c->loop, on_timer, c, &c->timer))
		return -ENOMEM;
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	return 0;
}
