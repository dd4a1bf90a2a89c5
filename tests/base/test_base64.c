/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/base64.h>
#include <base/cleanup.h>
#include <errno.h>
#include <string.h>

typedef int (*decoder)(const char *text, char **ret, size_t *ret_len);

static void assert_decodes(decoder decode, const char *text, const char *bytes, size_t len)
{
	auto_free char *got = NULL;
	size_t got_len = 99;

	assert_int_equal(decode(text, &got, &got_len), 0);
	assert_int_equal(got_len, len);
	assert_memory_equal(got, bytes, len + 1);
}

static void assert_refused(decoder decode, const char *text)
{
	char *got = (char *)text;
	size_t len = 99;

	assert_int_equal(decode(text, &got, &len), -EINVAL);
	assert_ptr_equal(got, text);
	assert_int_equal(len, 99);
}

/* The vectors of RFC 4648, section 10. */
static const struct {
	const char *bytes, *text;
} VECTORS[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

static void known_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(VECTORS); i++) {
		size_t len = strlen(VECTORS[i].bytes);
		auto_free char *text = base64_encode(VECTORS[i].bytes, len);

		assert_string_equal(text, VECTORS[i].text);
		assert_decodes(base64_decode, VECTORS[i].text, VECTORS[i].bytes, len);
		assert_decodes(base64_decode_loose, VECTORS[i].text, VECTORS[i].bytes, len);
	}
}

static void all_bytes_come_back(void **state)
{
	unsigned char bytes[257];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(255 - i);
	for (size_t len = 0; len < sizeof(bytes); len++) {
		auto_free char *text = base64_encode(bytes, len);
		auto_free char *back = NULL;
		size_t back_len;

		assert_non_null(text);
		assert_int_equal(base64_decode(text, &back, &back_len), 0);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, bytes, len);
		assert_int_equal(back[len], 0);
	}
}

static void length_is_optional(void **state)
{
	auto_free char *got = NULL;

	(void)state;
	assert_int_equal(base64_decode("Zm9v", &got, NULL), 0);
	assert_string_equal(got, "foo");
}

static void both_refuse_what_is_no_base64(void **state)
{
	static const char *const bad[] = {
		"Z",
		"Zg",
		"Zg=",
		"Zg===",
		"Zm8",
		"Zm8==",
		"Zm9v=",
		"=",
		"==",
		"====",
		"Z===",
		"=Zm9",
		"Zg=v",
		"Zg==Zg==",
		"Zm9-",
		"Zm9_",
		"Zm9\x80",
		"Zm9v*",
		"Zm9,",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_refused(base64_decode, bad[i]);
		assert_refused(base64_decode_loose, bad[i]);
	}
}

static void only_loose_skips_white_space(void **state)
{
	static const char *const spaced[] = {"Zm9v\n", " Zm9v", "Zm\r\n9v", "Z m\t9 v"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spaced); i++) {
		assert_refused(base64_decode, spaced[i]);
		assert_decodes(base64_decode_loose, spaced[i], "foo", 3);
	}
	assert_decodes(base64_decode_loose, "Zg=\n=\n", "f", 1);
	assert_refused(base64_decode_loose, "Zm9v\v");
}

static void only_loose_ignores_stray_bits(void **state)
{
	(void)state;
	assert_refused(base64_decode, "Zh==");
	assert_refused(base64_decode, "Zm9=");
	assert_decodes(base64_decode_loose, "Zh==", "f", 1);
	assert_decodes(base64_decode_loose, "Zm9=", "fo", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),
		cmocka_unit_test(all_bytes_come_back),
		cmocka_unit_test(length_is_optional),
		cmocka_unit_test(both_refuse_what_is_no_base64),
		cmocka_unit_test(only_loose_skips_white_space),
		cmocka_unit_test(only_loose_ignores_stray_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
