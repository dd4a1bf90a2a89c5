/* SPDX-License-Identifier: Apache-2.0 */
#include <http/ws_target.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

/* libwebsockets cuts longer ones without saying so. */
enum {
	MAX_PATH = 1900,
	MAX_HOST = 120,
};

void ws_target_free(struct ws_target *t)
{
	free(t->address);
	free(t->host);
	*t = (struct ws_target){0};
}

static bool parse_scheme(const char *url, struct ws_target *t, const char **ret_rest)
{
	static const struct {
		const char *prefix;
		bool tls;
	} schemes[] = {{"https://", true}, {"wss://", true}, {"http://", false}, {"ws://", false}};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (!str_starts(url, schemes[i].prefix))
			continue;
		t->tls = schemes[i].tls;
		*ret_rest = url + strlen(schemes[i].prefix);
		return true;
	}
	return false;
}

static bool parse_authority(const char *authority, size_t len, struct ws_target *t)
{
	const char *colon;
	int64_t port = t->tls ? 443 : 80;

	if (!len || len > MAX_HOST)
		return false;
	t->host = strndup(authority, len);
	t->address = t->host ? strdup(t->host) : NULL;
	if (!t->address || strpbrk(t->host, "@?#"))
		return false;
	/* The library cannot verify a certificate for a literal IPv6 address; the HTTP client can. */
	if (t->host[0] == '[')
		return false;
	colon = strchr(t->host, ':');
	if (colon) {
		if (str_parse_i64(colon + 1, 1, 65535, &port))
			return false;
		t->address[colon - t->host] = 0;
	}
	t->port = (int)port;
	return t->address[0];
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

int ws_target_parse(const char *url, struct ws_target *t, struct err *e)
{
	const char *rest;

	if (!url || !parse_scheme(url, t, &rest))
		return err_set(e, -EINVAL, "BadRequest", "a WebSocket URL begins with wss:// or ws://");
	if (!is_printable(url))
		return err_set(e, -EINVAL, "BadRequest", "the WebSocket URL contains control characters");
	t->path = rest + strcspn(rest, "/");
	if (!parse_authority(rest, (size_t)(t->path - rest), t))
		return err_set(e, -EINVAL, "BadRequest", "the WebSocket URL names no usable host");
	if (!*t->path)
		t->path = "/";
	if (strlen(t->path) > MAX_PATH)
		return err_set(e, -ENAMETOOLONG, "BadRequest", "the WebSocket URL is too long");
	return 0;
}
