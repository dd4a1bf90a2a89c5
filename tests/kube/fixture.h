/* SPDX-License-Identifier: Apache-2.0 */
/* A loop, a scripted API server and a client of it; and what a request came to. */
#ifndef ESCAPE_TESTS_KUBE_FIXTURE_H
#define ESCAPE_TESTS_KUBE_FIXTURE_H

#include "fake_server.h"
#include "watchdog.h"
#include <kube/client.h>

struct fixture {
	struct loop *loop;
	struct fake *fake;
	struct kube_client *client;
};

void fixture_start(struct fixture *f, fake_handler handler, void *arg);
/* With a token read from this file. */
void fixture_start_token(struct fixture *f, fake_handler handler, void *arg, const char *token_path);
void fixture_stop(struct fixture *f);
/* Another client of the same server. */
struct kube_client *fixture_client(struct fixture *f, const char *token_path);

struct outcome {
	unsigned calls;
	int code;
	char reason[ERR_REASON_MAX];
	char message[ERR_MESSAGE_MAX];
	struct json *object; /* a copy; freed by outcome_free */
};

void outcome_done(
	void *arg, const struct json *object, const struct err *e); /* a kube_done; arg is struct outcome */
void outcome_wait(struct fixture *f, struct outcome *o);
void outcome_free(struct outcome *o);

/* A kind of our own, cluster-wide nowhere. */
extern const struct kube_resource THINGS;

#endif
