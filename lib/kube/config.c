/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/config.h>

#include <arpa/inet.h>
#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <kube/config_priv.h>
#include <string.h>

#define SERVICE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

enum { MAX_SOURCES = 16 };

static void secret_free(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void kube_config_free(struct kube_config *c)
{
	if (!c)
		return;
	free(c->server);
	free(c->ca_pem);
	free(c->cert_pem);
	secret_free(c->key_pem);
	secret_free(c->token);
	free(c->token_path);
	free(c->namespace_);
	*c = (struct kube_config){0};
}

static int copy_string(const char *from, char **ret)
{
	if (!from)
		return 0;
	*ret = strdup(from);
	return *ret ? 0 : -ENOMEM;
}

int kube_config_copy(const struct kube_config *from, struct kube_config *ret)
{
	struct kube_config c = {0};

	if (copy_string(from->server, &c.server) || copy_string(from->ca_pem, &c.ca_pem) ||
		copy_string(from->cert_pem, &c.cert_pem) || copy_string(from->key_pem, &c.key_pem) ||
		copy_string(from->token, &c.token) || copy_string(from->token_path, &c.token_path) ||
		copy_string(from->namespace_, &c.namespace_)) {
		kube_config_free(&c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

/* rest: what follows "http://". */
static bool is_loopback(const char *rest)
{
	char host[64];
	size_t len = rest[0] == '[' ? strcspn(rest, "]") + 1 : strcspn(rest, ":/");
	struct in_addr v4;

	if (len >= sizeof(host))
		return false;
	memcpy(host, rest, len);
	host[len] = 0;
	if (str_eq(host, "localhost") || str_eq(host, "[::1]"))
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

int kube_config_check(struct kube_config *c, struct err *e)
{
	const char *host;

	if (!c->server || !c->server[0])
		return err_set(e, -EINVAL, "NoServer", "the configuration names no API server");
	if (!is_printable(c->server))
		return err_set(e, -EINVAL, "BadServer",
			"the API server's URL contains spaces or control characters");
	for (size_t n = strlen(c->server); n && c->server[n - 1] == '/'; n--)
		c->server[n - 1] = 0;
	if (str_starts(c->server, "https://")) {
		host = c->server + strlen("https://");
	} else if (str_starts(c->server, "http://")) {
		host = c->server + strlen("http://");
		if (!is_loopback(host))
			return err_set(e, -EINVAL, "InsecureServer",
				"%s is plain http: use https (http is accepted for loopback addresses only)",
				c->server);
	} else {
		return err_set(e, -EINVAL, "BadServer", "%s is not an https:// URL", c->server);
	}
	if (!*host || *host == '/' || *host == ':' || strpbrk(host, "@?#"))
		return err_set(e, -EINVAL, "BadServer", "%s names no host", c->server);
	if (!c->cert_pem != !c->key_pem)
		return err_set(e, -EINVAL, "BadCredentials",
			"a client certificate needs its key and the other way round");
	if (c->token && !is_printable(c->token))
		return err_set(e, -EINVAL, "BadCredentials",
			"the bearer token contains spaces or control characters");
	return 0;
}

int kube_config_read_token(const char *path, char **ret, struct err *e)
{
	char *token = NULL;
	size_t len = 0;
	int rc = io_read_file(path, KUBE_TOKEN_MAX, &token, &len);

	if (rc)
		return err_set(e, rc, "NoToken", "cannot read the token %s: %s", path, strerror(-rc));
	while (len && strchr(" \t\r\n", token[len - 1]))
		token[--len] = 0;
	if (!len || strlen(token) != len || !is_printable(token)) {
		secret_free(token);
		return err_set(e, -EINVAL, "BadCredentials", "%s does not contain a bearer token", path);
	}
	*ret = token;
	return 0;
}

static int read_namespace(const char *root, struct kube_config *c)
{
	auto_free char *path = str_dup_fmt("%s/namespace", root);
	auto_free char *text = NULL;

	if (!path)
		return -ENOMEM;
	if (io_read_file(path, 4096, &text, NULL) == 0)
		text[strcspn(text, " \t\r\n")] = 0;
	c->namespace_ = strdup(text && str_is_dns_name(text, false) ? text : "default");
	return c->namespace_ ? 0 : -ENOMEM;
}

static int fill_in_cluster(
	const char *root, const char *host, const char *port, struct kube_config *c, struct err *e)
{
	auto_free char *ca_path = str_dup_fmt("%s/ca.crt", root);
	bool v6 = strchr(host, ':') != NULL;
	int rc;

	c->server = str_dup_fmt(v6 ? "https://[%s]:%s" : "https://%s:%s", host, port);
	c->token_path = str_dup_fmt("%s/token", root);
	if (!ca_path || !c->server || !c->token_path || read_namespace(root, c))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the configuration");
	rc = kube_config_read_token(c->token_path, &c->token, e);
	if (rc)
		return rc;
	rc = io_read_file(ca_path, KUBE_CONFIG_MAX, &c->ca_pem, NULL);
	if (rc)
		return err_set(e, rc, "NoClusterCa", "cannot read %s: %s", ca_path, strerror(-rc));
	return kube_config_check(c, e);
}

int kube_config_in_cluster(const char *root, struct kube_config *ret, struct err *e)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	struct kube_config c = {0};
	int64_t number;
	int rc;

	if (!host || !*host)
		return err_set(
			e, -ENOENT, "NotInCluster", "KUBERNETES_SERVICE_HOST is not set: this is not a pod");
	if (!port || str_parse_i64(port, 1, 65535, &number))
		return err_set(e, -EINVAL, "NotInCluster", "KUBERNETES_SERVICE_PORT is not a port number");
	rc = fill_in_cluster(root ? root : SERVICE_ACCOUNT_DIR, host, port, &c, e);
	if (rc) {
		kube_config_free(&c);
		return rc;
	}
	*ret = c;
	return 0;
}

struct files {
	struct kube_config_source sources[MAX_SOURCES];
	char *texts[MAX_SOURCES];
	char *dirs[MAX_SOURCES];
	size_t count;
};

static void cleanup_filesp(struct files *f)
{
	for (size_t i = 0; i < f->count; i++) {
		secret_free(f->texts[i]);
		free(f->dirs[i]);
	}
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* optional: an absent file of a list is skipped, as kubectl does. */
static int files_add(struct files *f, const char *path, bool optional, struct err *e)
{
	char *text = NULL, *dir;
	size_t len = 0;
	int rc;

	if (f->count == MAX_SOURCES)
		return err_set(e, -E2BIG, "TooManyFiles", "KUBECONFIG lists more than %d files", MAX_SOURCES);
	rc = io_read_file(path, KUBE_CONFIG_MAX, &text, &len);
	if (rc == -ENOENT && optional)
		return 0;
	if (rc)
		return err_set(e, rc, "NoKubeconfig", "cannot read %s: %s", path, strerror(-rc));
	dir = directory_of(path);
	if (!dir) {
		secret_free(text);
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the configuration");
	}
	f->texts[f->count] = text;
	f->dirs[f->count] = dir;
	f->sources[f->count++] = (struct kube_config_source){.text = text, .len = len, .dir = dir};
	return 0;
}

static int files_add_list(struct files *f, const char *list, struct err *e)
{
	auto_free char *copy = strdup(list);
	char *save = NULL;
	bool single = !strchr(list, ':');
	int rc = 0;

	if (!copy)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the configuration");
	for (char *p = strtok_r(copy, ":", &save); p && !rc; p = strtok_r(NULL, ":", &save))
		rc = files_add(f, p, !single, e);
	return rc;
}

static int files_add_default(struct files *f, struct err *e)
{
	const char *list = getenv("KUBECONFIG"), *home = getenv("HOME");
	auto_free char *path = NULL;

	if (list && *list)
		return files_add_list(f, list, e);
	if (!home || !*home)
		return err_set(e, -ENOENT, "NoKubeconfig", "neither KUBECONFIG nor HOME is set");
	path = str_dup_fmt("%s/.kube/config", home);
	if (!path)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the configuration");
	return files_add(f, path, false, e);
}

int kube_config_load(const char *path, const char *context, struct kube_config *ret, struct err *e)
{
	__attribute__((cleanup(cleanup_filesp))) struct files f = {0};
	int rc = path ? files_add(&f, path, false, e) : files_add_default(&f, e);

	if (rc)
		return rc;
	rc = kube_config_parse(f.sources, f.count, context, ret, e);
	if (rc && path)
		err_wrap(e, "%s", path);
	return rc;
}

int kube_config_auto(const char *path, struct kube_config *ret, struct err *e)
{
	int rc;

	if (path)
		return kube_config_load(path, NULL, ret, e);
	rc = kube_config_in_cluster(NULL, ret, e);
	if (rc != -ENOENT || getenv("KUBERNETES_SERVICE_HOST"))
		return rc;
	return kube_config_load(NULL, NULL, ret, e);
}
