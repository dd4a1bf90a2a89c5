/* SPDX-License-Identifier: Apache-2.0 */
#include <base/base64.h>
#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <doc/yaml.h>
#include <errno.h>
#include <kube/config_priv.h>
#include <string.h>

enum { MAX_DOCS = 16 };

struct docs {
	struct json *roots[MAX_DOCS];
	const char *dirs[MAX_DOCS];
	size_t count;
};

static void cleanup_docsp(struct docs *d)
{
	for (size_t i = 0; i < d->count; i++)
		json_free(d->roots[i]);
}

/* An entry of one of the three named lists, and where its relative paths start. */
struct entry {
	const struct json *body;
	const char *dir;
};

static bool find_entry(
	const struct docs *d, const char *list, const char *key, const char *name, struct entry *ret)
{
	for (size_t i = 0; i < d->count; i++) {
		json_foreach(item, json_member(d->roots[i], list))
		{
			if (!str_eq(json_str_at(item, "name", NULL), name))
				continue;
			*ret = (struct entry){.body = json_member(item, key), .dir = d->dirs[i]};
			return true;
		}
	}
	return false;
}

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the configuration");
}

static char *resolve_path(const struct entry *from, const char *path)
{
	return path[0] == '/' ? strdup(path) : str_dup_fmt("%s/%s", from->dir, path);
}

static int file_path(const struct entry *from, const char *key, char **ret, struct err *e)
{
	const char *path = json_str(json_member(from->body, key));

	if (!path || !*path)
		return 0;
	if (!from->dir)
		return err_set(e, -EPERM, "FileRefused", "%s: file references are not allowed here", key);
	*ret = resolve_path(from, path);
	return *ret ? 0 : no_memory(e);
}

static int check_pem(const char *key, const char *pem, size_t len, struct err *e)
{
	if (strlen(pem) != len || !strstr(pem, "-----BEGIN "))
		return err_set(e, -EINVAL, "BadCredentials", "%s is not in PEM form", key);
	return 0;
}

/* Inline data wins over a file, as in client-go. */
static int read_pem(const struct entry *from, const char *key, char **ret, struct err *e)
{
	auto_free char *data_key = str_dup_fmt("%s-data", key);
	auto_free char *path = NULL;
	const char *inline_data;
	size_t len = 0;
	int rc;

	if (!data_key)
		return no_memory(e);
	inline_data = json_str(json_member(from->body, data_key));
	if (inline_data && *inline_data) {
		rc = base64_decode_loose(inline_data, ret, &len);
		if (rc)
			return err_set(e, rc, "BadCredentials", "%s is not valid base64", data_key);
		return check_pem(data_key, *ret, len, e);
	}
	rc = file_path(from, key, &path, e);
	if (rc || !path)
		return rc;
	rc = io_read_file(path, KUBE_CONFIG_MAX, ret, &len);
	if (rc)
		return err_set(e, rc, "BadCredentials", "%s: cannot read %s: %s", key, path, strerror(-rc));
	return check_pem(key, *ret, len, e);
}

/* What would change who we are or whom we trust is refused rather than ignored. */
static int refuse(
	const struct json *body, const char *const *keys, const char *whose, const char *name, struct err *e)
{
	for (; *keys; keys++) {
		const struct json *value = json_member(body, *keys);

		if (!value || json_is_null(value) ||
			(json_is_bool(value) && !json_bool_at(body, *keys, true)))
			continue;
		return err_set(e, -EOPNOTSUPP, "UnsupportedKubeconfig",
			"%s \"%s\" uses %s, which is not supported: use a client certificate, token or "
			"tokenFile, and the "
			"cluster's certificate-authority",
			whose, name, *keys);
	}
	return 0;
}

static int read_cluster(const struct docs *d, const char *name, struct kube_config *c, struct err *e)
{
	static const char *const unsupported[] = {
		"insecure-skip-tls-verify", "tls-server-name", "proxy-url", NULL};
	struct entry cluster;
	const char *server;
	int rc;

	if (!name || !find_entry(d, "clusters", "cluster", name, &cluster))
		return err_set(e, -ENOENT, "NoCluster", "cluster \"%s\" is not defined", name ? name : "");
	rc = refuse(cluster.body, unsupported, "cluster", name, e);
	if (rc)
		return rc;
	server = json_str_at(cluster.body, "server", NULL);
	c->server = server ? strdup(server) : NULL;
	if (server && !c->server)
		return no_memory(e);
	return read_pem(&cluster, "certificate-authority", &c->ca_pem, e);
}

static int read_token(const struct entry *user, struct kube_config *c, struct err *e)
{
	const char *token = json_str_at(user->body, "token", NULL);
	int rc = file_path(user, "tokenFile", &c->token_path, e);

	if (rc)
		return rc;
	/* client-go: tokenFile takes precedence over token. */
	if (c->token_path)
		return kube_config_read_token(c->token_path, &c->token, e);
	if (!token || !*token)
		return 0;
	c->token = strdup(token);
	return c->token ? 0 : no_memory(e);
}

static int read_user(const struct docs *d, const char *name, struct kube_config *c, struct err *e)
{
	static const char *const unsupported[] = {"exec", "auth-provider", "username", "password", "as",
		"as-uid", "as-groups", "as-user-extra", NULL};
	struct entry user;
	int rc;

	if (!name || !*name)
		return 0;
	if (!find_entry(d, "users", "user", name, &user))
		return err_set(e, -ENOENT, "NoUser", "user \"%s\" is not defined", name);
	rc = refuse(user.body, unsupported, "user", name, e);
	if (rc)
		return rc;
	rc = read_pem(&user, "client-certificate", &c->cert_pem, e);
	if (!rc)
		rc = read_pem(&user, "client-key", &c->key_pem, e);
	return rc ? rc : read_token(&user, c, e);
}

static const char *current_context(const struct docs *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const char *name = json_str_at(d->roots[i], "current-context", NULL);

		if (name && *name)
			return name;
	}
	return NULL;
}

static int read_context(const struct docs *d, const char *name, struct kube_config *c, struct err *e)
{
	struct entry context;
	const char *namespace_;
	int rc;

	if (!name)
		name = current_context(d);
	if (!name)
		return err_set(e, -ENOENT, "NoContext", "no current-context is set");
	if (!find_entry(d, "contexts", "context", name, &context))
		return err_set(e, -ENOENT, "NoContext", "context \"%s\" is not defined", name);
	namespace_ = json_str_at(context.body, "namespace", "default");
	if (!str_is_dns_name(namespace_, false))
		return err_set(e, -EINVAL, "BadNamespace",
			"context \"%s\": its namespace is not a valid name", name);
	c->namespace_ = strdup(namespace_);
	if (!c->namespace_)
		return no_memory(e);
	rc = read_cluster(d, json_str_at(context.body, "cluster", NULL), c, e);
	return rc ? rc : read_user(d, json_str_at(context.body, "user", NULL), c, e);
}

int kube_config_parse(const struct kube_config_source *sources, size_t count, const char *context,
	struct kube_config *ret, struct err *e)
{
	__attribute__((cleanup(cleanup_docsp))) struct docs d = {0};
	struct kube_config c = {0};
	int rc = 0;

	if (count > MAX_DOCS)
		return err_set(e, -E2BIG, "TooManyFiles", "more than %d kubeconfig files", MAX_DOCS);
	for (size_t i = 0; i < count && !rc; i++) {
		rc = yaml_parse(sources[i].text, sources[i].len, KUBE_CONFIG_MAX, &d.roots[d.count], e);
		if (!rc)
			d.dirs[d.count++] = sources[i].dir;
	}
	if (!rc)
		rc = read_context(&d, context, &c, e);
	if (!rc)
		rc = kube_config_check(&c, e);
	if (rc) {
		kube_config_free(&c);
		return rc;
	}
	*ret = c;
	return 0;
}
