/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <doc/decode.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define MAC_LEN 32
/* Every file: path, size, hash and their lengths. */
#define CANONICAL_MAX (DUMP_FILES_MAX * (DUMP_PATH_MAX + DUMP_SHA256_MAX + 48) + 4096)

static const char *const KINDS[] = {"Snapshot", "Sealed", NULL};

#define IN(T, key_, field_type, member, ...)                                                                 \
	{                                                                                                    \
		.key = (key_), .type = (field_type), .offset = offsetof(struct T, member),                   \
		.size = sizeof(((struct T *)0)->member), .required = true, __VA_ARGS__                       \
	}

#define EXACT_MAX 9007199254740991.0

static const struct field FILE_FIELDS[] = {
	IN(dump_file, "path", FIELD_STRING, path),
	IN(dump_file, "size", FIELD_INT, size, .min = 0, .max = EXACT_MAX),
	IN(dump_file, "sha256", FIELD_STRING, sha256),
	{.key = NULL},
};

static const struct field FIELDS[] = {
	IN(manifest, "version", FIELD_INT, version, .min = MANIFEST_VERSION, .max = MANIFEST_VERSION),
	IN(manifest, "namespace", FIELD_STRING, namespace_),
	IN(manifest, "podUID", FIELD_STRING, pod_uid),
	IN(manifest, "container", FIELD_STRING, container),
	IN(manifest, "image", FIELD_STRING, image),
	IN(manifest, "generation", FIELD_STRING, generation),
	IN(manifest, "createdAt", FIELD_TIME_MS, created_ms),
	IN(manifest, "kind", FIELD_ENUM, kind, .names = KINDS),
	{.key = "files",
		.type = FIELD_ARRAY,
		.offset = offsetof(struct manifest, files),
		.size = sizeof(struct dump_file),
		.required = true,
		.sub = FILE_FIELDS,
		.max_items = DUMP_FILES_MAX,
		.count_offset = offsetof(struct manifest, n_files)},
	IN(manifest, "mac", FIELD_STRING, mac),
	{.key = NULL},
};

static bool is_hash(const char *hex)
{
	return strlen(hex) == DUMP_SHA256_MAX - 1 && strspn(hex, "0123456789abcdef") == DUMP_SHA256_MAX - 1;
}

/* Sorted and without a name twice: so it can be compared with a directory in one pass. */
static int files_check(const struct manifest *m, struct err *e)
{
	for (size_t i = 0; i < m->n_files; i++) {
		if (!is_hash(m->files[i].sha256))
			return err_set(
				e, -EBADMSG, "DumpAltered", "manifest: files[%zu].sha256 is no hash", i);
		if (i && strcmp(m->files[i - 1].path, m->files[i].path) >= 0)
			return err_set(
				e, -EBADMSG, "DumpAltered", "manifest: files are not in order at %zu", i);
	}
	return is_hash(m->mac) ? 0 : err_set(e, -EBADMSG, "DumpAltered", "manifest: mac is no MAC");
}

int manifest_parse(const char *text, size_t len, struct manifest **ret, struct err *e)
{
	auto_free struct manifest *m = calloc(1, sizeof(*m));
	auto_json struct json *j = NULL;
	struct err why = {0};

	if (!m)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a manifest");
	if (json_parse(text, len, MANIFEST_TEXT_MAX, &j, &why))
		return err_set(e, -EBADMSG, "DumpAltered", "manifest: %.400s", why.message);
	if (!json_is_obj(j))
		return err_set(e, -EBADMSG, "DumpAltered", "manifest: not an object");
	if (decode(j, FIELDS, m, &why))
		return err_set(e, -EBADMSG, "DumpAltered", "manifest: %.400s", why.message);
	if (files_check(m, e))
		return -EBADMSG;
	*ret = TAKE_PTR(m);
	return 0;
}

static void add_text(struct buf *b, const char *s)
{
	buf_addf(b, "%zu:%s,", strlen(s), s);
}

static void add_number(struct buf *b, int64_t n)
{
	buf_addf(b, "%lld,", (long long)n);
}

static int canonical(const struct manifest *m, struct buf *b)
{
	/* The first words keep this key's MACs apart from whatever else may ever be made with it. */
	buf_adds(b, "escape dump manifest,");
	add_number(b, m->version);
	add_text(b, m->namespace_);
	add_text(b, m->pod_uid);
	add_text(b, m->container);
	add_text(b, m->image);
	add_text(b, m->generation);
	add_number(b, m->created_ms);
	add_text(b, KINDS[m->kind]);
	add_number(b, (int64_t)m->n_files);
	for (size_t i = 0; i < m->n_files; i++) {
		add_text(b, m->files[i].path);
		add_number(b, m->files[i].size);
		add_text(b, m->files[i].sha256);
	}
	return b->failed ? -ENOMEM : 0;
}

static int mac_of(const struct manifest *m, const unsigned char key[static STORE_KEY_LEN],
	char dst[static DUMP_SHA256_MAX])
{
	auto_buf struct buf text = BUF_INIT(CANONICAL_MAX);
	unsigned char mac[MAC_LEN];
	unsigned int len = 0;

	if (canonical(m, &text) ||
		!HMAC(EVP_sha256(), key, STORE_KEY_LEN, (const unsigned char *)text.data, text.len, mac,
			&len) ||
		len != MAC_LEN)
		return -ENOMEM;
	for (size_t i = 0; i < MAC_LEN; i++)
		snprintf(dst + 2 * i, 3, "%02x", mac[i]);
	return 0;
}

char *manifest_print(struct manifest *m, const unsigned char key[static STORE_KEY_LEN])
{
	auto_json struct json *j = NULL;

	if (mac_of(m, key, m->mac))
		return NULL;
	j = encode(FIELDS, m);
	return j ? json_print_pretty(j) : NULL;
}

bool manifest_is_authentic(const struct manifest *m, const unsigned char key[static STORE_KEY_LEN])
{
	char mac[DUMP_SHA256_MAX];

	return !mac_of(m, key, mac) && CRYPTO_memcmp(mac, m->mac, sizeof(mac) - 1) == 0;
}
