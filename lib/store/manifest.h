/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest of a dump: whose it is and what it consists of, with a MAC over all of it. Pure: text in,
 * struct out, and back. The MAC is over the fields themselves, each with its length, so it does not depend on
 * how the JSON is written.
 */
#ifndef ESCAPE_STORE_MANIFEST_H
#define ESCAPE_STORE_MANIFEST_H

#include "internal.h"

#include <doc/json.h>

#define MANIFEST_VERSION 1
#define MANIFEST_TEXT_MAX (2u << 20)

/* Large (over 1 MiB): on the heap. */
struct manifest {
	int64_t version;
	char namespace_[64];
	char pod_uid[64];
	char container[64];
	char image[STORE_IMAGE_MAX];
	char generation[STORE_GENERATION_MAX];
	int64_t created_ms;
	enum store_kind kind;
	char mac[DUMP_SHA256_MAX]; /* hex */
	struct dump_file files[DUMP_FILES_MAX];
	size_t n_files;
};

/* -EBADMSG DumpAltered with what is wrong. *ret is freed by free(). */
int manifest_parse(const char *text, size_t len, struct manifest **ret, struct err *e);
/* Text for manifest.json, with a fresh MAC. NULL: out of memory. Caller frees. */
char *manifest_print(struct manifest *m, const unsigned char key[static STORE_KEY_LEN]);
/* Does its MAC fit it? In constant time. */
bool manifest_is_authentic(const struct manifest *m, const unsigned char key[static STORE_KEY_LEN]);

#endif
