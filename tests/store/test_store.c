/* SPDX-License-Identifier: Apache-2.0 */
/* Making dumps: begin, seal, abandon; what must be refused; what an interrupted maker leaves. */
#include "dir.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_generations(void **state)
{
	char a[STORE_GENERATION_MAX], b[STORE_GENERATION_MAX];

	(void)state;
	assert_int_equal(store_generation_new(1767323045000, a), 0);
	assert_int_equal(store_generation_new(1767323045000, b), 0);
	assert_true(store_generation_valid(a));
	assert_string_not_equal(a, b);
	assert_int_equal(store_generation_ms(a), 1767323045000);
	assert_int_equal(store_generation_new(7, b), 0);
	assert_memory_equal(b, "0000000000007-", 14);
	assert_int_equal(store_generation_ms(b), 7);
	assert_true(strcmp(b, a) < 0);
	assert_int_equal(store_generation_new(-1, a), -ERANGE);
	assert_int_equal(store_generation_new(10000000000000, a), -ERANGE);
	for (size_t i = 0; i < 6; i++) {
		const char *bad[] = {NULL, "", "1767323045000-0badcaf", "1767323045000-0BADCAFE",
			"1767323045000_0badcafe", ".tmp-1767323045000-0badcafe"};

		assert_false(store_generation_valid(bad[i]));
		assert_int_equal(store_generation_ms(bad[i]), -1);
	}
}

static void test_begin_seal_verify(void **state)
{
	struct fixture *f = *state;
	char dir[PATH_MAX];
	struct store_dump d;
	struct err e = {0};
	struct stat st;

	assert_int_equal(store_begin(f->store, &ME, GEN1, dir, &e), 0);
	assert_string_equal(dir, at(f, "shop/0a-b/web/.tmp-" GEN1));
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	dump_fill(dir);
	assert_int_equal(store_verify(f->store, &ME, GEN1, IMAGE, NULL, &e), -ENODATA);
	assert_int_equal(store_seal(f->store, &ME, GEN1, IMAGE, STORE_SEALED, 1767323045500, &e), 0);
	assert_false(path_exists(dir));
	assert_int_equal(store_verify(f->store, &ME, GEN1, IMAGE, &d, &e), 0);
	assert_string_equal(d.path, at(f, "shop/0a-b/web/" GEN1));
	assert_int_equal(d.kind, STORE_SEALED);
	assert_int_equal(d.created_ms, 1767323045500);
	assert_int_equal(d.bytes, strlen("memory of the container") + strlen("registers") + strlen("files"));
}

static void test_seal_is_idempotent(void **state)
{
	struct fixture *f = *state;
	char dir[PATH_MAX];
	struct err e = {0};

	dump_make(f, &ME, GEN1);
	assert_int_equal(store_seal(f->store, &ME, GEN1, IMAGE, STORE_SNAPSHOT, 1, &e), 0);
	assert_int_equal(store_begin(f->store, &ME, GEN1, dir, &e), -EEXIST);
	assert_string_equal(e.reason, "DumpExists");
	/* Sealed before is believed only if it is sound. */
	file_write(dump_at(f, &ME, GEN1, "upper.tar"), "FILES");
	assert_int_equal(store_seal(f->store, &ME, GEN1, IMAGE, STORE_SNAPSHOT, 1, &e), -EBADMSG);
	assert_int_equal(store_seal(f->store, &ME, GEN2, IMAGE, STORE_SNAPSHOT, 1, &e), -ENODATA);
}

static void test_begin_again_starts_anew(void **state)
{
	struct fixture *f = *state;
	char dir[PATH_MAX];
	struct err e = {0};

	assert_int_equal(store_begin(f->store, &ME, GEN1, dir, &e), 0);
	dump_fill(dir);
	assert_int_equal(store_begin(f->store, &ME, GEN1, dir, &e), 0);
	assert_false(path_exists(at(f, "shop/0a-b/web/.tmp-" GEN1 "/img")));
	assert_int_equal(store_seal(f->store, &ME, GEN1, IMAGE, STORE_SNAPSHOT, 1, &e), -EINVAL);
	assert_string_equal(e.reason, "DumpUnsafe");
}

static void test_a_manifest_in_the_way_is_replaced(void **state)
{
	struct fixture *f = *state;
	char dir[PATH_MAX], path[PATH_MAX + 32];
	struct err e = {0};

	assert_int_equal(store_begin(f->store, &ME, GEN1, dir, &e), 0);
	dump_fill(dir);
	snprintf(path, sizeof(path), "%s/manifest.json", dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	/* A link is no file of a dump, not even under this name. */
	assert_int_equal(store_seal(f->store, &ME, GEN1, IMAGE, STORE_SNAPSHOT, 1, &e), -EINVAL);
	assert_int_equal(unlink(path), 0);
	file_write(path, "half a manif");
	assert_int_equal(store_seal(f->store, &ME, GEN1, IMAGE, STORE_SNAPSHOT, 1, &e), 0);
	assert_int_equal(store_verify(f->store, &ME, GEN1, IMAGE, NULL, &e), 0);
}

static void test_abandon(void **state)
{
	struct fixture *f = *state;
	char dir[PATH_MAX];
	struct err e = {0};

	assert_int_equal(store_abandon(f->store, &ME, GEN1, &e), 0);
	dump_make(f, &ME, GEN2);
	assert_int_equal(store_begin(f->store, &ME, GEN1, dir, &e), 0);
	dump_fill(dir);
	assert_int_equal(store_abandon(f->store, &ME, GEN1, &e), 0);
	assert_false(path_exists(dir));
	assert_int_equal(store_verify(f->store, &ME, GEN2, IMAGE, NULL, &e), 0);
}

static void seal_refuses(struct fixture *f, void (*spoil)(const char *dir))
{
	char dir[PATH_MAX];
	struct err e = {0};

	assert_int_equal(store_begin(f->store, &ME, GEN1, dir, &e), 0);
	dump_fill(dir);
	spoil(dir);
	assert_int_equal(store_seal(f->store, &ME, GEN1, IMAGE, STORE_SNAPSHOT, 1, &e), -EINVAL);
	assert_string_equal(e.reason, "DumpUnsafe");
	assert_true(path_exists(dir));
	assert_false(path_exists(dump_at(f, &ME, GEN1, "")));
	assert_int_equal(store_abandon(f->store, &ME, GEN1, &e), 0);
}

static char *in(const char *dir, const char *name)
{
	static char path[PATH_MAX + 300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void add_link(const char *dir)
{
	assert_int_equal(symlink("/etc/passwd", in(dir, "img/link.img")), 0);
}

static void add_dir_link(const char *dir)
{
	assert_int_equal(symlink("/etc", in(dir, "etc")), 0);
}

static void add_fifo(const char *dir)
{
	assert_int_equal(mkfifo(in(dir, "img/fifo"), 0600), 0);
}

static void add_odd_name(const char *dir)
{
	file_write(in(dir, "img/a\nb"), "");
}

static void add_depth(const char *dir)
{
	assert_int_equal(io_mkdirs(in(dir, "1/2/3/4/5/6"), 0700), 0);
}

static void test_seal_refuses_what_is_no_dump(void **state)
{
	struct fixture *f = *state;

	seal_refuses(f, add_link);
	seal_refuses(f, add_dir_link);
	seal_refuses(f, add_fifo);
	seal_refuses(f, add_odd_name);
	seal_refuses(f, add_depth);
}

static void test_names_never_leave_the_store(void **state)
{
	struct fixture *f = *state;
	static const struct store_id bad[] = {
		{"..", "0a-b", "web"},
		{"shop", "..", "web"},
		{"shop", "0a-b", ".."},
		{"shop/x", "0a-b", "web"},
		{"", "0a-b", "web"},
		{"shop", "", "web"},
		{"shop", "0a-b", ""},
		{"shop", "0a-b", ".tmp"},
		{NULL, "0a-b", "web"},
		{"shop", NULL, "web"},
		{"shop", "0a-b", NULL},
	};
	char dir[PATH_MAX];
	struct store_list l;
	uint64_t bytes;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = {0};

		assert_int_equal(store_begin(f->store, &bad[i], GEN1, dir, &e), -EINVAL);
		assert_string_equal(e.reason, "BadDumpName");
		assert_int_equal(store_seal(f->store, &bad[i], GEN1, IMAGE, STORE_SNAPSHOT, 1, &e), -EINVAL);
		assert_int_equal(store_abandon(f->store, &bad[i], GEN1, &e), -EINVAL);
		assert_int_equal(store_verify(f->store, &bad[i], GEN1, IMAGE, NULL, &e), -EINVAL);
		assert_int_equal(store_list(f->store, &bad[i], &l, &e), -EINVAL);
		assert_int_equal(store_remove(f->store, &bad[i], GEN1, &e), -EINVAL);
		assert_int_equal(store_remove_container(f->store, &bad[i], &e), -EINVAL);
		assert_int_equal(store_usage(f->store, &bad[i], &bytes, &e), -EINVAL);
	}
	assert_int_equal(store_begin(f->store, &ME, "../../x", dir, NULL), -EINVAL);
	assert_int_equal(store_remove(f->store, &ME, "..", NULL), -EINVAL);
	assert_int_equal(store_remove_pod(f->store, "..", "0a", NULL), -EINVAL);
	assert_int_equal(store_remove_pod(f->store, "shop", "../x", NULL), -EINVAL);
	assert_int_equal(store_begin(f->store, &ME, GEN1, dir, NULL), 0);
	dump_fill(dir);
	assert_int_equal(store_seal(f->store, &ME, GEN1, "", STORE_SNAPSHOT, 1, NULL), -EINVAL);
	assert_int_equal(store_seal(f->store, &ME, GEN1, NULL, STORE_SNAPSHOT, 1, NULL), -EINVAL);
	assert_int_equal(store_seal(f->store, &ME, GEN1, "a b", STORE_SNAPSHOT, 1, NULL), -EINVAL);
}

/* A directory on the way that became a link leads nowhere. */
static void test_links_on_the_way_are_not_followed(void **state)
{
	struct fixture *f = *state;
	char dir[PATH_MAX], elsewhere[80];
	struct err e = {0};

	snprintf(elsewhere, sizeof(elsewhere), "%s-elsewhere", f->root);
	assert_int_equal(io_mkdirs(elsewhere, 0700), 0);
	assert_int_equal(symlink(elsewhere, at(f, "shop")), 0);
	assert_int_not_equal(store_begin(f->store, &ME, GEN1, dir, &e), 0);
	assert_string_equal(e.reason, "StoreWriteFailed");
	assert_int_not_equal(store_verify(f->store, &ME, GEN1, IMAGE, NULL, &e), 0);
	assert_int_not_equal(store_remove_pod(f->store, "shop", "0a-b", &e), 0);
	assert_int_equal(rmdir(elsewhere), 0); /* nothing was put there */
}

static void test_not_writable(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	struct err e = {0};

	assert_int_equal(store_open(at(f, "absent"), TEST_KEY, &s, &e), -ENOENT);
	assert_string_equal(e.reason, "StoreNotWritable");
	assert_non_null(strstr(e.message, "mount the shared volume"));
	file_write(at(f, "file"), "x");
	assert_int_equal(store_open(at(f, "file"), TEST_KEY, &s, &e), -ENOTDIR);
	assert_null(s);
	/* Writable for nobody, not even for root. */
	assert_int_equal(store_open("/proc/self/fdinfo", TEST_KEY, &s, &e) < 0, 1);
	assert_string_equal(e.reason, "StoreNotWritable");
	assert_int_equal(store_check(f->store, &e), 0);
}

static void test_the_check_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(store_check(f->store, NULL), 0);
	assert_int_equal(rmdir(f->root), 0);
	assert_int_equal(mkdir(f->root, 0700), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generations),
		CASE(test_begin_seal_verify),
		CASE(test_seal_is_idempotent),
		CASE(test_begin_again_starts_anew),
		CASE(test_a_manifest_in_the_way_is_replaced),
		CASE(test_abandon),
		CASE(test_seal_refuses_what_is_no_dump),
		CASE(test_names_never_leave_the_store),
		CASE(test_links_on_the_way_are_not_followed),
		CASE(test_not_writable),
		CASE(test_the_check_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
