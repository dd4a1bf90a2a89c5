/* SPDX-License-Identifier: Apache-2.0 */
#include "dir.h"

#include <base/io.h>
#include <sys/stat.h>
#include <unistd.h>

const unsigned char TEST_KEY[STORE_KEY_LEN] = "0123456789abcdef0123456789abcde";
const struct store_id ME = {"shop", "0a-b", "web"};
const struct store_id OTHER_POD = {"shop", "0a-c", "web"};
const struct store_id OTHER_CONTAINER = {"shop", "0a-b", "db"};
const struct store_id OTHER_NAMESPACE = {"bank", "0a-b", "web"};

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e = {0};

	if (!f)
		return -1;
	strcpy(f->root, "/tmp/escape-store-XXXXXX");
	if (!mkdtemp(f->root))
		return -1;
	if (store_open(f->root, TEST_KEY, &f->store, &e)) {
		print_error("%s\n", e.message);
		return -1;
	}
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	int rc = io_remove_tree(f->root);

	store_close(f->store);
	free(f);
	return rc;
}

const char *at(const struct fixture *f, const char *fmt, ...)
{
	static char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/", f->root);
	va_list ap;

	va_start(ap, fmt);
	/* The analyzer does not see va_start. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(path + n, sizeof(path) - (size_t)n, fmt, ap);
	va_end(ap);
	return path;
}

const char *dump_at(
	const struct fixture *f, const struct store_id *id, const char *generation, const char *file)
{
	return at(f, "%s/%s/%s/%s/%s", id->namespace_, id->pod_uid, id->container, generation, file);
}

void file_write(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fputs(text, out) < 0, 0);
	assert_int_equal(fclose(out), 0);
}

bool path_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

void dump_fill(const char *dir)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/img", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/img/pages-1.img", dir);
	file_write(path, "memory of the container");
	snprintf(path, sizeof(path), "%s/img/core-1.img", dir);
	file_write(path, "registers");
	snprintf(path, sizeof(path), "%s/img/empty.img", dir);
	file_write(path, "");
	snprintf(path, sizeof(path), "%s/upper.tar", dir);
	file_write(path, "files");
}

void dump_make(const struct fixture *f, const struct store_id *id, const char *generation)
{
	char dir[PATH_MAX];
	struct err e = {0};

	if (store_begin(f->store, id, generation, dir, &e))
		fail_msg("%s", e.message);
	dump_fill(dir);
	if (store_seal(f->store, id, generation, IMAGE, STORE_SNAPSHOT, 1767323045000, &e))
		fail_msg("%s", e.message);
}
