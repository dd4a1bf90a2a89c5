/* SPDX-License-Identifier: Apache-2.0 */
/* The MAC of a manifest, against openssl's own, and that no field escapes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/store/manifest.h"

#include <base/cleanup.h>
#include <errno.h>

static const unsigned char KEY[STORE_KEY_LEN] = "0123456789abcdef0123456789abcde";

#define HASH_A "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HASH_B "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

static struct manifest *manifest_new(void)
{
	struct manifest *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->version = MANIFEST_VERSION;
	strcpy(m->namespace_, "shop");
	strcpy(m->pod_uid, "0a-b");
	strcpy(m->container, "web");
	strcpy(m->image, "i@sha256:00");
	strcpy(m->generation, "1767323045000-0badcafe");
	m->created_ms = 1767323045500;
	m->kind = STORE_SEALED;
	m->files[0] = (struct dump_file){.path = "img/a", .size = 0, .sha256 = HASH_A};
	m->files[1] = (struct dump_file){.path = "upper.tar", .size = 3, .sha256 = HASH_B};
	m->n_files = 2;
	return m;
}

/*
 * The text under the MAC, in one line, and its MAC by another program (the key ends with a NUL byte):
 *   printf '%s' 'escape dump
 * manifest,1,4:shop,4:0a-b,3:web,11:i@sha256:00,22:1767323045000-0badcafe,1767323045500,6:Sealed,2,'\
 *     '5:img/a,0,64:<HASH_A>,9:upper.tar,3,64:<HASH_B>,' | openssl dgst -sha256 -mac HMAC \
 *     -macopt hexkey:3031323334353637383961626364656630313233343536373839616263646500
 */
static void test_golden_mac(void **state)
{
	auto_free struct manifest *m = manifest_new();
	auto_free char *text = manifest_print(m, KEY);

	(void)state;
	assert_non_null(text);
	assert_string_equal(m->mac, "092e5b2f775bdf9fde92ac13372a87cc4da9c4c360c6392b5dbf55ad636e2151");
}

static void test_round_trip(void **state)
{
	auto_free struct manifest *m = manifest_new(), *back = NULL;
	auto_free char *text = manifest_print(m, KEY), *again = NULL;
	struct err e = {0};

	(void)state;
	if (manifest_parse(text, strlen(text), &back, &e))
		fail_msg("%s", e.message);
	assert_true(manifest_is_authentic(back, KEY));
	again = manifest_print(back, KEY);
	assert_string_equal(again, text);
	assert_int_equal(back->created_ms, m->created_ms);
	assert_int_equal(back->n_files, 2);
}

/* Each field changed alone, and bytes moved from one field to the next. */
static void test_no_field_escapes_the_mac(void **state)
{
	auto_free struct manifest *m = manifest_new();
	auto_free char *text = manifest_print(m, KEY);
	char *const texts[] = {m->namespace_, m->pod_uid, m->container, m->image, m->generation,
		m->files[0].path, m->files[1].sha256, m->mac};
	int64_t *const numbers[] = {&m->version, &m->created_ms, &m->files[0].size, &m->files[1].size};

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		texts[i][0] ^= 1;
		assert_false(manifest_is_authentic(m, KEY));
		texts[i][0] ^= 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		(*numbers[i])++;
		assert_false(manifest_is_authentic(m, KEY));
		(*numbers[i])--;
	}
	m->kind = STORE_SNAPSHOT;
	assert_false(manifest_is_authentic(m, KEY));
	m->kind = STORE_SEALED;
	m->n_files = 1;
	assert_false(manifest_is_authentic(m, KEY));
	m->n_files = 2;
	strcpy(m->namespace_, "shop4");
	strcpy(m->pod_uid, "0a-");
	assert_false(manifest_is_authentic(m, KEY));
	strcpy(m->namespace_, "shop");
	strcpy(m->pod_uid, "0a-b");
	assert_true(manifest_is_authentic(m, KEY));
}

#define FILES(list)                                                                                          \
	"{\"version\":1,\"namespace\":\"a\",\"podUID\":\"0\",\"container\":\"c\",\"image\":\"i\","           \
	"\"generation\":\"g\","                                                                              \
	"\"createdAt\":\"2026-01-02T03:04:05Z\",\"kind\":\"Sealed\",\"files\":[" list "],\"mac\":\"" HASH_A  \
	"\"}"
#define FILE_(path, size, hash) "{\"path\":\"" path "\",\"size\":" size ",\"sha256\":\"" hash "\"}"

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"nonsense",
		"7",
		FILES("1"),
		FILES(FILE_("a", "-1", HASH_A)),
		FILES(FILE_("a", "1.5", HASH_A)),
		FILES(FILE_("a", "1e300", HASH_A)),
		FILES(FILE_("a", "1", "00")),
		FILES(FILE_("a", "1", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")),
		FILES(FILE_("b", "1", HASH_A) "," FILE_("a", "1", HASH_A)),
		FILES(FILE_("a", "1", HASH_A) "," FILE_("a", "1", HASH_A)),
	};
	auto_free struct manifest *good = NULL;

	(void)state;
	assert_int_equal(manifest_parse(FILES(""), strlen(FILES("")), &good, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct manifest *m = NULL;
		struct err e = {0};

		if (manifest_parse(bad[i], strlen(bad[i]), &m, &e) != -EBADMSG ||
			strcmp(e.reason, "DumpAltered") != 0)
			fail_msg("accepted: %s", bad[i]);
		assert_null(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_mac),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_field_escapes_the_mac),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
