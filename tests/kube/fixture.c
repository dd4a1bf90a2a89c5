/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include <base/io.h>
#include <base/str.h>
#include <stdlib.h>

const struct kube_resource THINGS = {"test.escape.dev", "v1", "things", "Thing", true};

struct kube_client *fixture_client(struct fixture *f, const char *token_path)
{
	struct kube_client *client = NULL;
	struct kube_config config = {
		.server = (char *)fake_url(f->fake),
		.namespace_ = (char *)"default",
		.token_path = (char *)token_path,
	};
	struct err e = {0};

	if (token_path)
		assert_int_equal(io_read_file(token_path, 4096, &config.token, NULL), 0);
	if (kube_client_new(f->loop, &config, &client, &e))
		fail_msg("%s", e.message);
	free(config.token);
	kube_client_identify(client, "escape-test", "test-1");
	return client;
}

void fixture_start_token(struct fixture *f, fake_handler handler, void *arg, const char *token_path)
{
	assert_int_equal(loop_new(&f->loop), 0);
	f->fake = fake_start(handler, arg);
	f->client = fixture_client(f, token_path);
}

void fixture_start(struct fixture *f, fake_handler handler, void *arg)
{
	fixture_start_token(f, handler, arg, NULL);
}

void fixture_stop(struct fixture *f)
{
	kube_client_free(f->client);
	fake_stop(f->fake);
	loop_free(f->loop);
}

void outcome_done(void *arg, const struct json *object, const struct err *e)
{
	struct outcome *o = arg;

	o->calls++;
	o->code = e ? e->code : 0;
	str_copy(o->reason, sizeof(o->reason), e ? e->reason : "");
	str_copy(o->message, sizeof(o->message), e ? e->message : "");
	json_free(o->object);
	o->object = object ? json_dup(object) : NULL;
}

void outcome_wait(struct fixture *f, struct outcome *o)
{
	watchdog_run(f->loop, &o->calls, 1);
	assert_int_equal(o->calls, 1);
}

void outcome_free(struct outcome *o)
{
	json_free(o->object);
	*o = (struct outcome){0};
}
