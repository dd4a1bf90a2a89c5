/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/client.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <kube/client_priv.h>
#include <kube/config_priv.h>
#include <string.h>

enum { TOKEN_REREAD_MS = 60 * 1000 };

static int client_open(struct kube_client *c, struct err *e)
{
	struct http_tls tls = {
		.ca_pem = c->config.ca_pem,
		.cert_pem = c->config.cert_pem,
		.key_pem = c->config.key_pem,
	};

	return http_client_new(c->loop, &tls, &c->http, e);
}

int kube_client_new(struct loop *l, const struct kube_config *config, struct kube_client **ret, struct err *e)
{
	struct kube_client *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a client");
	c->loop = l;
	c->deadline_ms = KUBE_DEADLINE_MS;
	c->rng = (uint64_t)clock_monotonic_ns();
	c->token_read_ms = clock_monotonic_ms();
	kube_client_identify(c, "escape", "escape");
	rc = kube_config_copy(config, &c->config);
	if (rc)
		err_set(e, rc, "OutOfMemory", "no memory for a client");
	if (!rc)
		rc = kube_config_check(&c->config, e);
	if (!rc)
		rc = client_open(c, e);
	if (rc) {
		kube_client_free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

void kube_client_free(struct kube_client *c)
{
	if (!c || c->dead)
		return;
	c->dead = true;
	kube_calls_abort(c);
	ws_client_free(c->ws);
	http_client_free(c->http);
	kube_config_free(&c->config);
	free(c);
}

struct loop *kube_client_loop(const struct kube_client *c)
{
	return c->loop;
}

const struct kube_config *kube_client_config(const struct kube_client *c)
{
	return &c->config;
}

void kube_client_set_deadline(struct kube_client *c, uint32_t deadline_ms)
{
	c->deadline_ms = deadline_ms ? deadline_ms : KUBE_DEADLINE_MS;
}

void kube_client_identify(struct kube_client *c, const char *component, const char *instance)
{
	if (str_copy(c->component, sizeof(c->component), component))
		str_copy(c->component, sizeof(c->component), "escape");
	if (str_copy(c->instance, sizeof(c->instance), instance))
		str_copy(c->instance, sizeof(c->instance), c->component);
}

/* A token that cannot be read just now (it is being replaced) leaves the old one in use. */
static void token_refresh(struct kube_client *c, bool now)
{
	char *token = NULL;
	int64_t t = clock_monotonic_ms();

	if (!c->config.token_path || (!now && t - c->token_read_ms < TOKEN_REREAD_MS))
		return;
	c->token_read_ms = t;
	if (kube_config_read_token(c->config.token_path, &token, NULL))
		return;
	if (c->config.token)
		explicit_bzero(c->config.token, strlen(c->config.token));
	free(c->config.token);
	c->config.token = token;
}

int kube_auth_header(struct kube_client *c, bool reread, struct buf *b)
{
	token_refresh(c, reread);
	if (!c->config.token)
		return 0;
	return buf_addf(b, "Authorization: Bearer %s", c->config.token);
}

void kube_auth_free(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}
