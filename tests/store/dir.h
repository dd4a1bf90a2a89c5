/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a directory of its own, with dumps as the keeper would leave them. For the tests of this folder.
 */
#ifndef ESCAPE_TESTS_STORE_DIR_H
#define ESCAPE_TESTS_STORE_DIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <store/store.h>

#define GEN1 "1767323045000-0badcafe"
#define GEN2 "1767323046000-0badcafe"
#define GEN3 "1767323047000-0badcafe"
#define IMAGE "registry.example/web@sha256:00"

extern const unsigned char TEST_KEY[STORE_KEY_LEN];
extern const struct store_id ME, OTHER_POD, OTHER_CONTAINER, OTHER_NAMESPACE;

struct fixture {
	char root[64];
	struct store *store;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* printf of a path below the root; valid until the next call. */
const char *at(const struct fixture *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void file_write(const char *path, const char *text);
bool path_exists(const char *path);
/* What a keeper leaves in a directory. */
void dump_fill(const char *dir);
void dump_make(const struct fixture *f, const struct store_id *id, const char *generation);
/* "<ns>/<uid>/<container>/<generation>" below the root. */
const char *dump_at(
	const struct fixture *f, const struct store_id *id, const char *generation, const char *file);

#endif
