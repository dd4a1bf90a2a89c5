/* SPDX-License-Identifier: Apache-2.0 */
/* A sealed dump, spoiled in every way there is: what is said, and that nothing spoiled is ever taken for
 * good. */
#include "dir.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void refuses(const struct fixture *f, const struct store_id *id, const char *generation,
	const char *image, int code, const char *reason, const char *says)
{
	struct err e = {0};
	int rc = store_verify(f->store, id, generation, image, NULL, &e);

	if (rc != code || strcmp(e.reason, reason) != 0 || !strstr(e.message, says))
		fail_msg("%d %s: %s (instead of %d %s: %s)", rc, e.reason, e.message, code, reason, says);
}

static void is_good(const struct fixture *f)
{
	struct err e = {0};

	if (store_verify(f->store, &ME, GEN1, IMAGE, NULL, &e))
		fail_msg("%s", e.message);
}

static void altered(const struct fixture *f, const char *says)
{
	refuses(f, &ME, GEN1, IMAGE, -EBADMSG, "DumpAltered", says);
}

static void incomplete(const struct fixture *f, const char *says)
{
	refuses(f, &ME, GEN1, IMAGE, -ENODATA, "DumpIncomplete", says);
}

static void test_absent(void **state)
{
	const struct fixture *f = *state;

	incomplete(f, GEN1 " is not in the store");
	dump_make(f, &ME, GEN1);
	is_good(f);
	refuses(f, &ME, GEN2, IMAGE, -ENODATA, "DumpIncomplete", "not in the store");
	refuses(f, &OTHER_POD, GEN1, IMAGE, -ENODATA, "DumpIncomplete", "not in the store");
}

/* Every bit of one byte of every file, the manifest too. */
static void test_every_changed_byte_is_noticed(void **state)
{
	static const char *const files[] = {
		"upper.tar", "img/core-1.img", "img/pages-1.img", "manifest.json"};
	const struct fixture *f = *state;

	dump_make(f, &ME, GEN1);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int fd = open(dump_at(f, &ME, GEN1, files[i]), O_RDWR);
		struct stat st;

		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		for (off_t pos = 0; pos < st.st_size; pos++) {
			unsigned char was, now;
			int rc;

			assert_int_equal(pread(fd, &was, 1, pos), 1);
			now = was ^ (unsigned char)(1u << (pos % 8));
			assert_int_equal(pwrite(fd, &now, 1, pos), 1);
			rc = store_verify(f->store, &ME, GEN1, IMAGE, NULL, NULL);
			/* Blanks between the words of the manifest are no part of what it says. */
			if (rc == 0 && (strcmp(files[i], "manifest.json") != 0 || !strchr(" \n\t\r", was)))
				fail_msg("%s: %02x for %02x at %ld was not noticed", files[i], now, was,
					(long)pos);
			assert_int_equal(pwrite(fd, &was, 1, pos), 1);
		}
		close(fd);
		is_good(f);
	}
}

static void test_changed_contents(void **state)
{
	const struct fixture *f = *state;

	dump_make(f, &ME, GEN1);
	file_write(dump_at(f, &ME, GEN1, "img/pages-1.img"), "memory of the attacker!");
	altered(f, "img/pages-1.img has other contents");
}

static void test_truncated_and_grown(void **state)
{
	const struct fixture *f = *state;

	dump_make(f, &ME, GEN1);
	assert_int_equal(truncate(dump_at(f, &ME, GEN1, "img/pages-1.img"), 5), 0);
	incomplete(f, "img/pages-1.img has 5 bytes instead of 23");
	assert_int_equal(truncate(dump_at(f, &ME, GEN1, "img/pages-1.img"), 0), 0);
	incomplete(f, "has 0 bytes");
	file_write(dump_at(f, &ME, GEN1, "img/pages-1.img"), "memory of the container and more");
	altered(f, "instead of 23");
}

static void test_missing(void **state)
{
	const struct fixture *f = *state;

	dump_make(f, &ME, GEN1);
	assert_int_equal(unlink(dump_at(f, &ME, GEN1, "img/empty.img")), 0);
	incomplete(f, "img/empty.img is missing");
	assert_int_equal(io_remove_tree(dump_at(f, &ME, GEN1, "img")), 0);
	incomplete(f, "img/core-1.img is missing");
	assert_int_equal(unlink(dump_at(f, &ME, GEN1, "manifest.json")), 0);
	incomplete(f, "manifest.json is missing");
}

static void test_added(void **state)
{
	const struct fixture *f = *state;

	dump_make(f, &ME, GEN1);
	file_write(dump_at(f, &ME, GEN1, "img/more.img"), "");
	altered(f, "img/more.img is not in the manifest");
	assert_int_equal(unlink(dump_at(f, &ME, GEN1, "img/more.img")), 0);
	file_write(dump_at(f, &ME, GEN1, "zzz"), "behind all others");
	altered(f, "zzz is not in the manifest");
	assert_int_equal(unlink(dump_at(f, &ME, GEN1, "zzz")), 0);
	/* Under the manifest's name but elsewhere. */
	file_write(dump_at(f, &ME, GEN1, "img/manifest.json"), "");
	altered(f, "img/manifest.json is not in the manifest");
}

static void test_not_files(void **state)
{
	const struct fixture *f = *state;
	char target[PATH_MAX];

	dump_make(f, &ME, GEN1);
	/* The same contents through a link: still a link. */
	snprintf(target, sizeof(target), "%s-pages", f->root);
	assert_int_equal(rename(dump_at(f, &ME, GEN1, "img/pages-1.img"), target), 0);
	assert_int_equal(symlink(target, dump_at(f, &ME, GEN1, "img/pages-1.img")), 0);
	altered(f, "img/pages-1.img is neither a regular file nor a directory");
	assert_int_equal(unlink(dump_at(f, &ME, GEN1, "img/pages-1.img")), 0);
	assert_int_equal(mkfifo(dump_at(f, &ME, GEN1, "img/pages-1.img"), 0600), 0);
	altered(f, "neither a regular file");
	assert_int_equal(unlink(dump_at(f, &ME, GEN1, "img/pages-1.img")), 0);
	assert_int_equal(rename(target, dump_at(f, &ME, GEN1, "img/pages-1.img")), 0);
	is_good(f);
	assert_int_equal(rename(dump_at(f, &ME, GEN1, "manifest.json"), target), 0);
	assert_int_equal(symlink(target, dump_at(f, &ME, GEN1, "manifest.json")), 0);
	altered(f, "manifest.json is not a regular file");
	assert_int_equal(unlink(dump_at(f, &ME, GEN1, "manifest.json")), 0);
	assert_int_equal(mkfifo(dump_at(f, &ME, GEN1, "manifest.json"), 0600), 0);
	altered(f, "manifest.json is not a regular file");
	assert_int_equal(unlink(target), 0);
}

static void test_a_dump_that_is_a_link(void **state)
{
	const struct fixture *f = *state;
	char target[PATH_MAX];

	dump_make(f, &ME, GEN1);
	dump_make(f, &ME, GEN2);
	snprintf(target, sizeof(target), "%s-dump", f->root);
	assert_int_equal(rename(dump_at(f, &ME, GEN1, ""), target), 0);
	assert_int_equal(symlink(target, at(f, "shop/0a-b/web/" GEN1)), 0);
	altered(f, "is not a directory");
	assert_int_equal(io_remove_tree(target), 0);
}

static void copy_file(
	const struct fixture *f, const struct store_id *from, const struct store_id *to, const char *file)
{
	auto_free char *text = NULL;

	assert_int_equal(io_read_file(dump_at(f, from, GEN1, file), 1 << 20, &text, NULL), 0);
	file_write(dump_at(f, to, GEN1, file), text);
}

static void test_dump_of_another(void **state)
{
	static const struct store_id *const others[] = {&OTHER_POD, &OTHER_CONTAINER, &OTHER_NAMESPACE};
	const struct fixture *f = *state;

	dump_make(f, &ME, GEN1);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		char there[PATH_MAX];

		/* Only the manifest swapped; then the whole dump. */
		dump_make(f, others[i], GEN1);
		copy_file(f, &ME, others[i], "manifest.json");
		refuses(f, others[i], GEN1, IMAGE, -EPERM, "DumpOfAnotherPod", "pod 0a-b in namespace shop");
		str_copy(there, sizeof(there), dump_at(f, others[i], GEN1, ""));
		assert_int_equal(io_remove_tree(there), 0);
		assert_int_equal(rename(dump_at(f, &ME, GEN1, ""), there), 0);
		refuses(f, others[i], GEN1, IMAGE, -EPERM, "DumpOfAnotherPod", "sealed for container web");
		assert_int_equal(rename(there, dump_at(f, &ME, GEN1, "")), 0);
	}
	is_good(f);
}

/* An older dump under a newer name. */
static void test_replayed_generation(void **state)
{
	const struct fixture *f = *state;
	char older[PATH_MAX];

	dump_make(f, &ME, GEN1);
	str_copy(older, sizeof(older), at(f, "shop/0a-b/web/" GEN1));
	assert_int_equal(rename(older, at(f, "shop/0a-b/web/" GEN2)), 0);
	refuses(f, &ME, GEN2, IMAGE, -EBADMSG, "DumpAltered", "sealed as generation " GEN1);
}

static void test_another_image(void **state)
{
	const struct fixture *f = *state;

	dump_make(f, &ME, GEN1);
	refuses(f, &ME, GEN1, "registry.example/web@sha256:01", -ESTALE, "DumpOfAnotherImage", "sha256:01");
	refuses(f, &ME, GEN1, NULL, -ESTALE, "DumpOfAnotherImage", "none");
}

static void test_another_clusters_key(void **state)
{
	struct fixture *f = *state;
	unsigned char key[STORE_KEY_LEN] = {0};

	dump_make(f, &ME, GEN1);
	store_close(f->store);
	assert_int_equal(store_open(f->root, key, &f->store, NULL), 0);
	altered(f, "does not bear this cluster's seal");
}

static void test_broken_manifests(void **state)
{
	static const char *const broken[] = {"", "{", "null", "[]", "{}", "{\"version\":2}", "\xff\xfe"};
	const struct fixture *f = *state;
	char path[PATH_MAX];
	struct stat st;

	dump_make(f, &ME, GEN1);
	str_copy(path, sizeof(path), dump_at(f, &ME, GEN1, "manifest.json"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2), 0);
	altered(f, "manifest");
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		file_write(path, broken[i]);
		altered(f, "manifest");
	}
	assert_int_equal(truncate(path, 1 << 30), 0);
	altered(f, "manifest.json is too large");
}

/* Larger than one read, so that several chunks are hashed. */
static void test_a_large_file(void **state)
{
	const struct fixture *f = *state;
	char dir[PATH_MAX], path[PATH_MAX + 32];
	const off_t size = (5 << 20) + 123;
	struct store_dump d;
	int fd;

	assert_int_equal(store_begin(f->store, &ME, GEN1, dir, NULL), 0);
	dump_fill(dir);
	snprintf(path, sizeof(path), "%s/img/pages-2.img", dir);
	file_write(path, "begin");
	assert_int_equal(truncate(path, size), 0);
	assert_int_equal(store_seal(f->store, &ME, GEN1, IMAGE, STORE_SEALED, 1, NULL), 0);
	assert_int_equal(store_verify(f->store, &ME, GEN1, IMAGE, &d, NULL), 0);
	assert_int_equal(d.bytes, size + 37);
	fd = open(dump_at(f, &ME, GEN1, "img/pages-2.img"), O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, size - 1), 1);
	close(fd);
	altered(f, "img/pages-2.img has other contents");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_absent),
		CASE(test_every_changed_byte_is_noticed),
		CASE(test_changed_contents),
		CASE(test_truncated_and_grown),
		CASE(test_missing),
		CASE(test_added),
		CASE(test_not_files),
		CASE(test_a_dump_that_is_a_link),
		CASE(test_dump_of_another),
		CASE(test_replayed_generation),
		CASE(test_another_image),
		CASE(test_another_clusters_key),
		CASE(test_broken_manifests),
		CASE(test_a_large_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
