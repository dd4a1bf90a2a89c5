/* SPDX-License-Identifier: Apache-2.0 */
/* What is listed, kept, removed and swept. */
#include "dir.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void listed(const struct fixture *f, const struct store_id *id, const char *const *want, size_t n)
{
	struct store_list l;
	struct err e = {0};

	if (store_list(f->store, id, &l, &e))
		fail_msg("%s", e.message);
	assert_int_equal(l.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(l.generations[i], want[i]);
	store_list_free(&l);
	store_list_free(NULL);
}

#define LISTED(f, id, ...)                                                                                   \
	listed(f, id, (const char *const[]){__VA_ARGS__},                                                    \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void test_list(void **state)
{
	const struct fixture *f = *state;
	char dir[PATH_MAX];

	listed(f, &ME, NULL, 0);
	dump_make(f, &ME, GEN3);
	dump_make(f, &ME, GEN1);
	dump_make(f, &OTHER_POD, GEN2);
	assert_int_equal(store_begin(f->store, &ME, GEN2, dir, NULL), 0);
	assert_int_equal(io_mkdirs(at(f, "shop/0a-b/web/lost+found"), 0700), 0);
	LISTED(f, &ME, GEN1, GEN3);
}

static void test_remove(void **state)
{
	const struct fixture *f = *state;
	struct err e = {0};

	dump_make(f, &ME, GEN1);
	dump_make(f, &ME, GEN2);
	assert_int_equal(store_remove(f->store, &ME, GEN1, &e), 0);
	assert_int_equal(store_remove(f->store, &ME, GEN1, &e), 0);
	assert_int_equal(store_remove(f->store, &OTHER_POD, GEN1, &e), 0);
	LISTED(f, &ME, GEN2);
	assert_false(path_exists(at(f, "shop/0a-b/web/.gone-" GEN1)));
}

/* An interrupted removal of the same name is no obstacle. */
static void test_remove_after_an_interrupted_one(void **state)
{
	const struct fixture *f = *state;
	struct err e = {0};

	dump_make(f, &ME, GEN1);
	assert_int_equal(io_mkdirs(at(f, "shop/0a-b/web/.gone-" GEN1 "/img"), 0700), 0);
	assert_int_equal(store_remove(f->store, &ME, GEN1, &e), 0);
	listed(f, &ME, NULL, 0);
}

static void test_retain(void **state)
{
	const struct fixture *f = *state;
	struct err e = {0};

	dump_make(f, &ME, GEN1);
	dump_make(f, &ME, GEN2);
	dump_make(f, &ME, GEN3);
	assert_int_equal(store_retain(f->store, &ME, 3, NULL, &e), 0);
	LISTED(f, &ME, GEN1, GEN2, GEN3);
	/* The last safe one stays, however old. */
	assert_int_equal(store_retain(f->store, &ME, 1, GEN1, &e), 0);
	LISTED(f, &ME, GEN1, GEN3);
	assert_int_equal(store_retain(f->store, &ME, 0, GEN1, &e), 0);
	LISTED(f, &ME, GEN1);
	assert_int_equal(store_retain(f->store, &ME, 0, NULL, &e), 0);
	listed(f, &ME, NULL, 0);
	assert_int_equal(store_retain(f->store, &OTHER_POD, 1, NULL, &e), 0);
}

static void test_remove_container_and_pod(void **state)
{
	const struct fixture *f = *state;
	struct err e = {0};

	dump_make(f, &ME, GEN1);
	dump_make(f, &OTHER_CONTAINER, GEN1);
	dump_make(f, &OTHER_POD, GEN1);
	assert_int_equal(store_remove_container(f->store, &ME, &e), 0);
	listed(f, &ME, NULL, 0);
	LISTED(f, &OTHER_CONTAINER, GEN1);
	assert_int_equal(store_remove_pod(f->store, "shop", "0a-b", &e), 0);
	assert_false(path_exists(at(f, "shop/0a-b")));
	LISTED(f, &OTHER_POD, GEN1);
	assert_int_equal(store_remove_pod(f->store, "shop", "0a-b", &e), 0);
	assert_int_equal(store_remove_pod(f->store, "void", "0a-b", &e), 0);
}

/* A removal never follows a link out of the store. */
static void test_remove_of_a_link(void **state)
{
	const struct fixture *f = *state;
	char outside[80], file[128];
	struct err e = {0};

	snprintf(outside, sizeof(outside), "%s-outside", f->root);
	snprintf(file, sizeof(file), "%s/precious", outside);
	assert_int_equal(io_mkdirs(outside, 0700), 0);
	file_write(file, "x");
	dump_make(f, &ME, GEN2);
	assert_int_equal(symlink(outside, at(f, "shop/0a-b/web/" GEN1)), 0);
	assert_int_equal(symlink(outside, dump_at(f, &ME, GEN2, "img/out")), 0);
	assert_int_equal(store_remove(f->store, &ME, GEN1, &e), 0);
	assert_int_equal(store_remove(f->store, &ME, GEN2, &e), 0);
	listed(f, &ME, NULL, 0);
	assert_true(path_exists(file));
	assert_int_equal(io_remove_tree(outside), 0);
}

static void test_sweep(void **state)
{
	const struct fixture *f = *state;
	char old[PATH_MAX], young[PATH_MAX];
	struct err e = {0};

	dump_make(f, &ME, GEN1);
	assert_int_equal(store_begin(f->store, &OTHER_POD, GEN1, old, &e), 0);
	dump_fill(old);
	assert_int_equal(store_begin(f->store, &ME, GEN3, young, &e), 0);
	assert_int_equal(io_mkdirs(at(f, "shop/0a-b/.gone-db/" GEN1 "/img"), 0700), 0);
	assert_int_equal(io_mkdirs(at(f, "shop/.gone-0a-d/web"), 0700), 0);
	file_write(at(f, "README"), "of the admin");
	assert_int_equal(symlink("/", at(f, "link")), 0);
	assert_int_equal(store_sweep(f->store, store_generation_ms(GEN2), &e), 0);
	assert_false(path_exists(old));
	assert_true(path_exists(young));
	assert_false(path_exists(at(f, "shop/0a-b/.gone-db")));
	assert_false(path_exists(at(f, "shop/.gone-0a-d")));
	assert_true(path_exists(at(f, "README")));
	LISTED(f, &ME, GEN1);
}

static void test_usage(void **state)
{
	const struct fixture *f = *state;
	uint64_t none = 7, one, two, all;
	struct err e = {0};

	assert_int_equal(store_usage(f->store, &ME, &none, &e), 0);
	assert_int_equal(none, 0);
	dump_make(f, &ME, GEN1);
	assert_int_equal(store_usage(f->store, &ME, &one, &e), 0);
	assert_true(one > 37); /* and the manifest */
	dump_make(f, &ME, GEN2);
	assert_int_equal(store_usage(f->store, &ME, &two, &e), 0);
	assert_int_equal(two, 2 * one);
	dump_make(f, &OTHER_POD, GEN1);
	assert_int_equal(store_usage(f->store, NULL, &all, &e), 0);
	assert_int_equal(all, 3 * one);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_list),
		CASE(test_remove),
		CASE(test_remove_after_an_interrupted_one),
		CASE(test_retain),
		CASE(test_remove_container_and_pod),
		CASE(test_remove_of_a_link),
		CASE(test_sweep),
		CASE(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
