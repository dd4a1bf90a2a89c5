/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <kube/config_priv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PEM "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
/* The same, in base64. */
#define PEM64 "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="

#define HEAD                                                                                                 \
	"apiVersion: v1\nkind: Config\ncurrent-context: one\ncontexts:\n- name: one\n  context: {cluster: "  \
	"c, user: u, namespace: mine}\n"
#define CLUSTER                                                                                              \
	"clusters:\n- name: c\n  cluster:\n    server: https://10.0.0.1:6443/\n    "                         \
	"certificate-authority-data: " PEM64 "\n"
#define USER(x) "users:\n- name: u\n  user: " x "\n"

struct dir {
	char path[64];
};

static void dir_new(struct dir *d)
{
	strcpy(d->path, "/tmp/escape-kubeconfig-XXXXXX");
	assert_non_null(mkdtemp(d->path));
}

static void dir_free(struct dir *d)
{
	assert_int_equal(io_remove_tree(d->path), 0);
}

static char *dir_file(const struct dir *d, const char *name)
{
	char *path = str_dup_fmt("%s/%s", d->path, name);

	assert_non_null(path);
	return path;
}

static void dir_put(const struct dir *d, const char *name, const char *text)
{
	char *path = dir_file(d, name);

	assert_int_equal(io_write_file_atomic(path, text, strlen(text), 0600), 0);
	free(path);
}

static int parse(const char *text, const char *dir, struct kube_config *c, struct err *e)
{
	struct kube_config_source source = {.text = text, .len = strlen(text), .dir = dir};

	return kube_config_parse(&source, 1, NULL, c, e);
}

static void inline_data_is_decoded(void **state)
{
	struct kube_config c = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(
		parse(HEAD CLUSTER USER("{client-certificate-data: " PEM64 ", client-key-data: " PEM64 "}"),
			NULL, &c, &e),
		0);
	assert_string_equal(c.server, "https://10.0.0.1:6443");
	assert_string_equal(c.ca_pem, PEM);
	assert_string_equal(c.cert_pem, PEM);
	assert_string_equal(c.key_pem, PEM);
	assert_string_equal(c.namespace_, "mine");
	assert_null(c.token);
	kube_config_free(&c);
}

static void a_token_is_taken(void **state)
{
	struct kube_config c = {0};

	(void)state;
	assert_int_equal(parse(HEAD CLUSTER USER("{token: abc.def}"), NULL, &c, NULL), 0);
	assert_string_equal(c.token, "abc.def");
	kube_config_free(&c);
}

static void files_are_found_beside_the_kubeconfig(void **state)
{
	struct kube_config c = {0};
	struct err e = {0};
	struct dir d;
	char *path;

	(void)state;
	dir_new(&d);
	dir_put(&d, "ca.pem", PEM);
	dir_put(&d, "cert.pem", PEM);
	dir_put(&d, "key.pem", PEM);
	dir_put(&d, "token", "from-file\n");
	dir_put(&d, "config",
		HEAD "clusters:\n- name: c\n  cluster: {server: 'https://k', certificate-authority: "
		     "ca.pem}\n" USER("{client-certificate: cert.pem, client-key: ./key.pem, tokenFile: "
				      "token, token: ignored}"));
	path = dir_file(&d, "config");
	if (kube_config_load(path, NULL, &c, &e))
		fail_msg("%s", e.message);
	assert_string_equal(c.ca_pem, PEM);
	assert_string_equal(c.cert_pem, PEM);
	assert_string_equal(c.token, "from-file");
	assert_non_null(c.token_path);
	kube_config_free(&c);
	free(path);
	dir_free(&d);
}

static void a_missing_file_is_named(void **state)
{
	struct kube_config c = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(
		parse(HEAD CLUSTER USER("{client-certificate: /nowhere/cert.pem}"), "/tmp", &c, &e), -ENOENT);
	assert_non_null(strstr(e.message, "/nowhere/cert.pem"));
	assert_int_equal(kube_config_load("/nowhere/config", NULL, &c, &e), -ENOENT);
	assert_non_null(strstr(e.message, "/nowhere/config"));
}

static void file_references_can_be_forbidden(void **state)
{
	struct kube_config c = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(parse(HEAD CLUSTER USER("{tokenFile: /etc/hostname}"), NULL, &c, &e), -EPERM);
	assert_string_equal(e.reason, "FileRefused");
}

static void what_would_weaken_or_change_us_is_refused_by_name(void **state)
{
	static const struct {
		const char *text, *named;
	} cases[] = {
		{HEAD CLUSTER USER("{exec: {command: aws}}"), "exec"},
		{HEAD CLUSTER USER("{auth-provider: {name: gcp}}"), "auth-provider"},
		{HEAD CLUSTER USER("{username: a, password: b}"), "username"},
		{HEAD CLUSTER USER("{token: t, as: root}"), "as"},
		{HEAD "clusters:\n- name: c\n  cluster: {server: 'https://k', insecure-skip-tls-verify: "
		      "true}\n" USER("{token: t}"),
			"insecure-skip-tls-verify"},
		{HEAD "clusters:\n- name: c\n  cluster: {server: 'https://k', tls-server-name: x}\n" USER(
			 "{token: t}"),
			"tls-server-name"},
		{HEAD "clusters:\n- name: c\n  cluster: {server: 'https://k', proxy-url: 'http://p'}\n" USER(
			 "{token: t}"),
			"proxy-url"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kube_config c = {0};
		struct err e = {0};

		assert_int_equal(parse(cases[i].text, NULL, &c, &e), -EOPNOTSUPP);
		assert_string_equal(e.reason, "UnsupportedKubeconfig");
		assert_non_null(strstr(e.message, cases[i].named));
	}
}

static void verification_that_is_not_skipped_is_fine(void **state)
{
	struct kube_config c = {0};

	(void)state;
	assert_int_equal(parse(HEAD "clusters:\n- name: c\n  cluster: {server: 'https://k', "
				    "insecure-skip-tls-verify: false}\n" USER("{token: t}"),
				 NULL, &c, NULL),
		0);
	kube_config_free(&c);
}

static void malformed_input_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"just text",
		"current-context: one\n",
		"current-context: one\ncontexts: 7\n",
		HEAD,
		HEAD "clusters: []\n",
		HEAD "clusters:\n- name: c\n",
		HEAD "clusters:\n- name: c\n  cluster: {}\n" USER("{token: t}"),
		HEAD "clusters:\n- name: c\n  cluster: {server: 'ftp://k'}\n" USER("{token: t}"),
		HEAD "clusters:\n- name: c\n  cluster: {server: 'https://'}\n" USER("{token: t}"),
		HEAD "clusters:\n- name: c\n  cluster: {server: 'https://u@k'}\n" USER("{token: t}"),
		HEAD
		"clusters:\n- name: c\n  cluster: {server: \"https://k\\r\\nX: 1\"}\n" USER("{token: t}"),
		HEAD "clusters:\n- name: c\n  cluster: {server: 'http://k.example'}\n" USER("{token: t}"),
		HEAD CLUSTER,
		HEAD CLUSTER USER("{token: \"a\\nb\"}"),
		HEAD CLUSTER USER("{client-certificate-data: '!!!'}"),
		HEAD CLUSTER USER("{client-certificate-data: aGVsbG8=}"),
		HEAD CLUSTER USER("{client-certificate-data: " PEM64 "}"),
		"current-context: two\n" CLUSTER USER("{token: t}"),
		"current-context: one\ncontexts:\n- name: one\n  context: {cluster: c, user: u, namespace: "
		"'Not A Name'}\n" CLUSTER USER("{token: t}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct kube_config c = {0};
		struct err e = {0};

		if (parse(bad[i], NULL, &c, &e) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_not_equal(e.code, 0);
		assert_true(e.reason[0] && e.message[0]);
		assert_null(c.server);
	}
}

static void plain_http_is_for_loopback_only(void **state)
{
	static const char *const good[] = {
		"http://127.0.0.1:8001", "http://localhost:8001", "http://[::1]:8001"};
	static const char *const bad[] = {
		"http://10.0.0.1:8001", "http://localhost.example", "http://127.evil.example"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct kube_config c = {.server = strdup(good[i])}, other = {.server = strdup(bad[i])};

		assert_int_equal(kube_config_check(&c, NULL), 0);
		assert_int_equal(kube_config_check(&other, NULL), -EINVAL);
		kube_config_free(&c);
		kube_config_free(&other);
	}
}

static void kubeconfig_lists_are_merged(void **state)
{
	struct kube_config c = {0};
	struct dir d;
	char *list;

	(void)state;
	dir_new(&d);
	dir_put(&d, "first", HEAD);
	dir_put(&d, "second", "current-context: two\n" CLUSTER USER("{token: t}"));
	list = str_dup_fmt("%s/absent:%s/first:%s/second", d.path, d.path, d.path);
	setenv("KUBECONFIG", list, 1);
	assert_int_equal(kube_config_load(NULL, NULL, &c, NULL), 0);
	assert_string_equal(c.token, "t");
	kube_config_free(&c);
	assert_int_equal(kube_config_load(NULL, "two", &c, NULL), -ENOENT);
	unsetenv("KUBECONFIG");
	free(list);
	dir_free(&d);
}

static void a_pod_finds_its_service_account(void **state)
{
	struct kube_config c = {0};
	struct err e = {0};
	struct dir d;

	(void)state;
	dir_new(&d);
	unsetenv("KUBERNETES_SERVICE_HOST");
	assert_int_equal(kube_config_in_cluster(d.path, &c, &e), -ENOENT);
	assert_string_equal(e.reason, "NotInCluster");
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	assert_int_equal(kube_config_in_cluster(d.path, &c, &e), -ENOENT);
	assert_string_equal(e.reason, "NoToken");
	dir_put(&d, "token", "sa-token\n");
	assert_int_equal(kube_config_in_cluster(d.path, &c, &e), -ENOENT);
	assert_string_equal(e.reason, "NoClusterCa");
	dir_put(&d, "ca.crt", PEM);
	assert_int_equal(kube_config_in_cluster(d.path, &c, &e), 0);
	assert_string_equal(c.namespace_, "default");
	kube_config_free(&c);
	dir_put(&d, "namespace", "escape-system\n");
	assert_int_equal(kube_config_in_cluster(d.path, &c, &e), 0);
	assert_string_equal(c.server, "https://[fd00::1]:443");
	assert_string_equal(c.token, "sa-token");
	assert_string_equal(c.namespace_, "escape-system");
	kube_config_free(&c);
	setenv("KUBERNETES_SERVICE_PORT", "https", 1);
	assert_int_equal(kube_config_in_cluster(d.path, &c, &e), -EINVAL);
	unsetenv("KUBERNETES_SERVICE_HOST");
	unsetenv("KUBERNETES_SERVICE_PORT");
	dir_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inline_data_is_decoded),
		cmocka_unit_test(a_token_is_taken),
		cmocka_unit_test(files_are_found_beside_the_kubeconfig),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(file_references_can_be_forbidden),
		cmocka_unit_test(what_would_weaken_or_change_us_is_refused_by_name),
		cmocka_unit_test(verification_that_is_not_skipped_is_fine),
		cmocka_unit_test(malformed_input_is_refused_with_a_reason),
		cmocka_unit_test(plain_http_is_for_loopback_only),
		cmocka_unit_test(kubeconfig_lists_are_merged),
		cmocka_unit_test(a_pod_finds_its_service_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
