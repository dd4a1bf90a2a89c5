/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/secrets/secrets.h"

#include <base/cleanup.h>
#include <base/log.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#define KEY_LEN 32
#define RETRY_MS 2000
#define LOOK_AGAIN_MS 60000

struct store_key {
	struct kube_client *client;
	const char *namespace_, *secret;
	struct loop_timer *timer;
	bool leader, busy;
};

static void look_after(struct store_key *k, uint64_t ms)
{
	k->busy = false;
	if (k->leader)
		loop_timer_start(k->timer, ms, 0);
}

static void on_created(void *arg, const struct json *object, const struct err *e)
{
	struct store_key *k = arg;

	(void)object;
	if (!e)
		log_info("key of the store made", "secret", k->secret);
	else if (e->code != -EEXIST && e->code != -ECANCELED)
		log_warn("cannot make the key of the store", "secret", k->secret, "message", e->message);
	look_after(k, e && e->code != -EEXIST ? RETRY_MS : LOOK_AGAIN_MS);
}

static int key_create(struct store_key *k)
{
	unsigned char key[KEY_LEN];
	const struct secret_item items[] = {{"key", (const char *)key, sizeof(key)}, {0}};
	auto_json struct json *secret = NULL;

	if (RAND_bytes(key, sizeof(key)) != 1)
		return -EIO;
	secret = secret_object(k->namespace_, k->secret, "Opaque", items);
	OPENSSL_cleanse(key, sizeof(key));
	return secret ? kube_create(k->client, &KUBE_SECRETS, k->namespace_, NULL, secret, on_created, k)
		      : -ENOMEM;
}

static void on_read(void *arg, const struct json *object, const struct err *e)
{
	struct store_key *k = arg;
	auto_free char *value = NULL;
	size_t len = 0;

	if (e && e->code == -ENOENT && k->leader) {
		if (key_create(k))
			look_after(k, RETRY_MS);
		return;
	}
	if (e) {
		if (e->code != -ECANCELED)
			log_warn("cannot read the key of the store", "secret", k->secret, "message",
				e->message);
		look_after(k, RETRY_MS);
		return;
	}
	value = secret_value(object, "key", &len);
	if (!value || len != KEY_LEN)
		log_error("the key of the store is not 32 bytes; delete the Secret and all dumps to have a "
			  "new one made",
			"secret", k->secret);
	if (value)
		OPENSSL_cleanse(value, len);
	look_after(k, LOOK_AGAIN_MS);
}

static void on_timer(void *arg)
{
	struct store_key *k = arg;

	if (k->busy || !k->leader)
		return;
	k->busy = true;
	if (kube_get(k->client, &KUBE_SECRETS, k->namespace_, k->secret, on_read, k))
		look_after(k, RETRY_MS);
}

int store_key_new(struct kube_client *c, const char *namespace_, const char *secret, struct store_key **ret)
{
	struct store_key *k = calloc(1, sizeof(*k));

	if (!k || loop_timer_new(kube_client_loop(c), on_timer, k, &k->timer)) {
		free(k);
		return -ENOMEM;
	}
	k->client = c;
	k->namespace_ = namespace_;
	k->secret = secret;
	*ret = k;
	return 0;
}

void store_key_set_leader(struct store_key *k, bool leader)
{
	k->leader = leader;
	if (leader)
		loop_timer_start(k->timer, 0, 0);
	else
		loop_timer_stop(k->timer);
}

void store_key_free(struct store_key *k)
{
	if (!k)
		return;
	loop_timer_free(k->timer);
	free(k);
}
