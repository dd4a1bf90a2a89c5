/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/str.h>

#include "node-agent/runtime/bundle.h"

#define CONF "/run/escape/containers/x/criu.conf"

static pid_t as_it_is(pid_t pid, void *ctx)
{
	(void)ctx;
	return pid;
}

static pid_t keeper_is_100(pid_t pid, void *ctx)
{
	return pid == 100 ? *(pid_t *)ctx : pid;
}

static void parse(const char *text, struct bundle *b)
{
	struct err e = {0};

	assert_int_equal(bundle_parse("/b", text, strlen(text), b, &e), 0);
}

static char *rewrite(const char *text, bundle_real_pid real_pid, pid_t *ctx)
{
	struct bundle b;
	struct err e = {0};
	char *out = NULL;
	size_t len = 0;

	parse(text, &b);
	if (bundle_rewrite(&b, CONF, real_pid, ctx, &out, &len, &e) == 0)
		assert_int_equal(strlen(out), len);
	bundle_free(&b);
	return out;
}

static void containerd_spec(void **state)
{
	struct bundle b;

	(void)state;
	parse("{\"root\":{\"path\":\"rootfs\"},\"process\":{\"terminal\":true,\"rlimits\":[{\"hard\":"
	      "18446744073709551615}]},"
	      "\"annotations\":{\"io.kubernetes.cri.container-type\":\"container\",\"io.kubernetes.cri."
	      "sandbox-uid\":\"u-1\","
	      "\"io.kubernetes.cri.sandbox-namespace\":\"ns\",\"io.kubernetes.cri.sandbox-name\":\"pod\","
	      "\"io.kubernetes.cri.container-name\":\"c\",\"io.kubernetes.cri.image-name\":\"i:1\",\"escape."
	      "dev/escape\":\"e\"}}",
		&b);
	assert_string_equal(b.rootfs, "/b/rootfs");
	assert_true(b.terminal);
	assert_false(b.sandbox);
	assert_string_equal(b.pod_uid, "u-1");
	assert_string_equal(b.pod_namespace, "ns");
	assert_string_equal(b.pod_name, "pod");
	assert_string_equal(b.container, "c");
	assert_string_equal(b.image, "i:1");
	assert_string_equal(b.escape, "e");
	bundle_free(&b);
}

static void no_annotations(void **state)
{
	struct bundle b;

	(void)state;
	parse("{\"root\":{\"path\":\"/abs/root\"}}", &b);
	assert_string_equal(b.rootfs, "/abs/root");
	assert_string_equal(b.pod_uid, "");
	assert_string_equal(b.escape, "");
	assert_false(b.sandbox);
	bundle_free(&b);
}

static void sandboxes(void **state)
{
	struct bundle b;

	(void)state;
	parse("{\"root\":{\"path\":\"r\"},\"annotations\":{\"io.kubernetes.cri.container-type\":\"sandbox\"}"
	      "}",
		&b);
	assert_true(b.sandbox);
	bundle_free(&b);
	parse("{\"root\":{\"path\":\"r\"},\"annotations\":{\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"}"
	      "}",
		&b);
	assert_true(b.sandbox);
	bundle_free(&b);
}

static void bad_specs(void **state)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"root\":{}}", "{\"root\":{\"path\":\"\"}}",
		"{\"root\":{\"path\":1}}", "{\"root\":{\"path\":\"r\"},",
		"{\"root\":{\"path\":\"r\"},\"root\":{\"path\":\"s\"}}",
		("{\"root\":{\"path\":\"r\"},\"annotations\":{\"io.kubernetes.cri.sandbox-uid\":\"../../"
		 "etc\"}}"),
		("{\"root\":{\"path\":\"r\"},\"annotations\":{\"io.kubernetes.cri.sandbox-uid\":\""
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct bundle b;
		struct err e = {0};
		assert_int_not_equal(bundle_parse("/b", bad[i], strlen(bad[i]), &b, &e), 0);
		assert_string_equal(e.reason, "BadSpec");
		assert_true(strlen(e.message) > 0);
	}
}

static void annotation_is_added_or_replaced(void **state)
{
	static const struct {
		const char *in, *out;
	} table[] = {
		{"{\"root\":{\"path\":\"r\"}}",
			"{\"annotations\":{\"org.criu.config\":\"" CONF "\"},\"root\":{\"path\":\"r\"}}"},
		{"{ \"root\":{\"path\":\"r\"},\"annotations\" : { } }",
			"{ \"root\":{\"path\":\"r\"},\"annotations\" : {\"org.criu.config\":\"" CONF
			"\" } }"},
		{"{\"root\":{\"path\":\"r\"},\"annotations\":{\"a\":\"}\\\"\"}}",
			"{\"root\":{\"path\":\"r\"},\"annotations\":{\"org.criu.config\":\"" CONF
			"\",\"a\":\"}\\\"\"}}"},
		{"{\"root\":{\"path\":\"r\"},\"annotations\":{\"org.criu.config\":\"/theirs\",\"b\":\"c\"}}",
			"{\"root\":{\"path\":\"r\"},\"annotations\":{\"org.criu.config\":\"" CONF
			"\",\"b\":\"c\"}}"},
		{"{\"root\":{\"path\":\"r\"},\"annotations\":null}",
			"{\"root\":{\"path\":\"r\"},\"annotations\":{\"org.criu.config\":\"" CONF "\"}}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		auto_free char *out = rewrite(table[i].in, as_it_is, NULL);
		assert_string_equal(out, table[i].out);
	}
}

static void numbers_stay_as_they_were(void **state)
{
	auto_free char *out = rewrite(
		"{\"root\":{\"path\":\"r\"},\"process\":{\"rlimits\":[{\"hard\":18446744073709551615}]},"
		"\"x\":1.50,\"y\":1e3}",
		as_it_is, NULL);

	(void)state;
	assert_non_null(strstr(out, "18446744073709551615"));
	assert_non_null(strstr(out, "\"x\":1.50,\"y\":1e3"));
}

#define NAMESPACES(path)                                                                                     \
	"{\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\","      \
	"\"path\":\"" path "\"},{\"path\":\"/run/netns/x\"}]}}"

static void a_keepers_namespace_becomes_the_inits(void **state)
{
	pid_t init = 4242;
	auto_free char *out = rewrite(NAMESPACES("/proc/100/ns/pid"), keeper_is_100, &init);

	(void)state;
	assert_non_null(strstr(out, "\"path\":\"/proc/4242/ns/pid\"}"));
	assert_non_null(strstr(out, "/run/netns/x"));
	auto_free char *other = rewrite(NAMESPACES("/proc/101/ns/pid"), keeper_is_100, &init);
	assert_non_null(strstr(other, "/proc/101/ns/pid"));
	auto_free char *nonsense = rewrite(NAMESPACES("/proc/100x/ns/pid"), keeper_is_100, &init);
	assert_non_null(strstr(nonsense, "/proc/100x/ns/pid"));
}

static void a_keeper_without_an_init_is_refused(void **state)
{
	pid_t init = 0;

	(void)state;
	assert_null(rewrite(NAMESPACES("/proc/100/ns/pid"), keeper_is_100, &init));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containerd_spec),
		cmocka_unit_test(no_annotations),
		cmocka_unit_test(sandboxes),
		cmocka_unit_test(bad_specs),
		cmocka_unit_test(annotation_is_added_or_replaced),
		cmocka_unit_test(numbers_stay_as_they_were),
		cmocka_unit_test(a_keepers_namespace_becomes_the_inits),
		cmocka_unit_test(a_keeper_without_an_init_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
