/* SPDX-License-Identifier: Apache-2.0 */
/* What the store and the HTTP side of the fake API server share. */
#ifndef ESCAPE_TESTS_OPERATOR_FAKE_API_PRIV_H
#define ESCAPE_TESTS_OPERATOR_FAKE_API_PRIV_H

#include "fake_api.h"

#include <pthread.h>
#include <stdint.h>

struct object {
	struct object *next;
	char collection[200], namespace_[64], name[254];
	struct json *json;
};

struct event {
	struct event *next;
	int64_t version;
	char collection[200];
	char *line; /* {"type": ..., "object": ...} and a newline */
};

struct failure {
	char method[8], part[120];
	int status;
	unsigned left;
};

struct seen {
	struct seen *next;
	char method[8], path[600];
};

struct fake_api {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct object *objects;
	struct event *events, **last_event; /* in order */
	struct failure failure;
	struct seen *seen;
	int64_t version;
	bool stopping;
	int listener, port;
	pthread_t acceptor;
	unsigned connections;
};

struct address {
	char collection[200], namespace_[64], name[254], subresource[32];
};

/* -1: not a path of the API. */
int address_parse(const char *path, struct address *ret);
/* With the lock held. */
int store_call(struct fake_api *a, const char *method, const struct address *at, const struct json *body,
	struct json **ret);
struct json *status_make(int code, const char *reason, const char *message);
void store_free(struct fake_api *a);

#endif
