/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/secrets/secrets.h"

#include <base/cleanup.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define RETRY_MS 2000
#define LOOK_AGAIN_MS 60000

struct made_secret {
	struct kube_client *client;
	struct made_secret_args args;
	struct loop_timer *timer;
	bool leader, busy;
};

static void look_after(struct made_secret *k, uint64_t ms)
{
	k->busy = false;
	if (k->leader)
		loop_timer_start(k->timer, ms, 0);
}

static void on_created(void *arg, const struct json *object, const struct err *e)
{
	struct made_secret *k = arg;

	(void)object;
	if (!e)
		log_info("Secret made", "secret", k->args.secret, "for", k->args.what);
	else if (e->code != -EEXIST && e->code != -ECANCELED)
		log_warn("cannot make a Secret", "secret", k->args.secret, "for", k->args.what, "message",
			e->message);
	look_after(k, e && e->code != -EEXIST ? RETRY_MS : k->args.on_value ? 0 : LOOK_AGAIN_MS);
}

static size_t value_len(const struct made_secret *k)
{
	return k->args.hex ? 2 * MADE_SECRET_BYTES : MADE_SECRET_BYTES;
}

static int value_make(const struct made_secret *k, char value[static 2 * MADE_SECRET_BYTES + 1])
{
	unsigned char bytes[MADE_SECRET_BYTES];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -EIO;
	if (k->args.hex)
		for (size_t i = 0; i < sizeof(bytes); i++)
			str_fmt(value + 2 * i, 3, "%02x", bytes[i]);
	else
		memcpy(value, bytes, sizeof(bytes));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return 0;
}

static int secret_create(struct made_secret *k)
{
	char value[2 * MADE_SECRET_BYTES + 1];
	const struct secret_item items[] = {{k->args.member, value, value_len(k)}, {0}};
	auto_json struct json *secret = NULL;

	if (value_make(k, value))
		return -EIO;
	secret = secret_object(k->args.namespace_, k->args.secret, "Opaque", items);
	OPENSSL_cleanse(value, sizeof(value));
	return secret ? kube_create(k->client, &KUBE_SECRETS, k->args.namespace_, NULL, secret, on_created, k)
		      : -ENOMEM;
}

/* What an admin puts there himself may be longer, where it is text. */
static bool value_good(const struct made_secret *k, const char *value, size_t len)
{
	return value &&
	       (k->args.hex ? len >= MADE_SECRET_BYTES && strlen(value) == len : len == value_len(k));
}

static void on_read(void *arg, const struct json *object, const struct err *e)
{
	struct made_secret *k = arg;
	auto_free char *value = NULL;
	size_t len = 0;

	if (e && e->code == -ENOENT && k->leader) {
		if (secret_create(k))
			look_after(k, RETRY_MS);
		return;
	}
	if (e) {
		if (e->code != -ECANCELED)
			log_warn("cannot read a Secret", "secret", k->args.secret, "for", k->args.what,
				"message", e->message);
		look_after(k, RETRY_MS);
		return;
	}
	value = secret_value(object, k->args.member, &len);
	if (!value_good(k, value, len))
		log_error("a Secret does not hold what it should; delete it to have a new one made, with all "
			  "that depends on it",
			"secret", k->args.secret, "for", k->args.what);
	else if (k->args.on_value)
		k->args.on_value(k->args.arg, value);
	if (value)
		OPENSSL_cleanse(value, len);
	look_after(k, LOOK_AGAIN_MS);
}

static void on_timer(void *arg)
{
	struct made_secret *k = arg;

	if (k->busy || !k->leader)
		return;
	k->busy = true;
	if (kube_get(k->client, &KUBE_SECRETS, k->args.namespace_, k->args.secret, on_read, k))
		look_after(k, RETRY_MS);
}

int made_secret_new(struct kube_client *c, const struct made_secret_args *args, struct made_secret **ret)
{
	struct made_secret *k = calloc(1, sizeof(*k));

	if (!k || loop_timer_new(kube_client_loop(c), on_timer, k, &k->timer)) {
		free(k);
		return -ENOMEM;
	}
	k->client = c;
	k->args = *args;
	*ret = k;
	return 0;
}

void made_secret_set_leader(struct made_secret *k, bool leader)
{
	k->leader = leader;
	if (leader)
		loop_timer_start(k->timer, 0, 0);
	else
		loop_timer_stop(k->timer);
}

void made_secret_free(struct made_secret *k)
{
	if (!k)
		return;
	loop_timer_free(k->timer);
	free(k);
}
