/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char root[] = "/tmp/escape-test-io-XXXXXX";

static const char *in_root(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	assert_int_equal(str_fmt(path, PATH_MAX, "%s/%s", root, name), 0);
	return path;
}

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	return io_remove_tree(root);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void put(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
}

static void assert_content(const char *path, const char *want)
{
	auto_free char *text = NULL;
	size_t len;

	assert_int_equal(io_read_file(path, 1 << 20, &text, &len), 0);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
}

static void reads_whole_within_the_limit(void **state)
{
	auto_free char *text = NULL, *at = NULL, *empty = NULL, *big = NULL;
	auto_close int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *untouched = root;
	size_t len;

	(void)state;
	put(in_root("five"), "12345");
	assert_int_equal(io_read_file(in_root("five"), 5, &text, &len), 0);
	assert_string_equal(text, "12345");
	assert_int_equal(len, 5);
	assert_int_equal(io_read_file(in_root("five"), 4, &untouched, NULL), -EFBIG);
	assert_int_equal(io_read_file(in_root("five"), 0, &untouched, NULL), -EFBIG);
	assert_int_equal(io_read_file(in_root("none"), 4, &untouched, NULL), -ENOENT);
	assert_int_equal(io_read_file(root, 4, &untouched, NULL), -EISDIR);
	assert_ptr_equal(untouched, root);
	assert_int_equal(io_read_file_at(dir, "five", 5, &at, NULL), 0);
	assert_string_equal(at, "12345");
	put(in_root("empty"), "");
	assert_int_equal(io_read_file(in_root("empty"), 0, &empty, &len), 0);
	assert_string_equal(empty, "");
	/* Its size reads as 0. */
	assert_int_equal(io_read_file("/proc/self/stat", 4096, &big, &len), 0);
	assert_true(len > 10);
}

static size_t count_entries(const char *path)
{
	auto_closedir DIR *d = opendir(path);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	return n - 2;
}

static void writes_all_or_nothing(void **state)
{
	const char *dir = in_root("atomic"), *file = in_root("atomic/file");
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(io_write_file_atomic(file, "one", 3, 0), 0);
	assert_content(file, "one");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(io_write_file_atomic(file, "", 0, 0640), 0);
	assert_content(file, "");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(count_entries(dir), 1);

	/* The target cannot be replaced: nothing is left of the attempt. */
	assert_int_equal(mkdir(in_root("atomic/dir"), 0755), 0);
	assert_int_equal(io_write_file_atomic(in_root("atomic/dir"), "x", 1, 0), -EISDIR);
	assert_int_equal(count_entries(dir), 2);
	assert_int_equal(io_write_file_atomic(in_root("none/file"), "x", 1, 0), -ENOENT);
}

static void writes_beside_a_bare_name(void **state)
{
	auto_close int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(here >= 0);
	assert_int_equal(chdir(root), 0);
	assert_int_equal(io_write_file_atomic("bare", "x", 1, 0), 0);
	assert_int_equal(fchdir(here), 0);
	assert_content(in_root("bare"), "x");
}

static void knobs_must_exist(void **state)
{
	const char *knob = in_root("knob");

	(void)state;
	assert_int_equal(io_write_knob(knob, "1"), -ENOENT);
	assert_false(exists(knob));
	put(knob, "100");
	assert_int_equal(io_write_knob(knob, "7"), 0);
	assert_content(knob, "7");
	assert_int_equal(io_write_knob("/dev/full", "7"), -ENOSPC);
}

static void write_all_reports_errors(void **state)
{
	auto_close int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(io_write_all(full, "x", 1), -ENOSPC);
	assert_int_equal(io_write_all(full, "x", 0), 0);
	assert_int_equal(io_write_all(-1, "x", 1), -EBADF);
}

static void makes_directories(void **state)
{
	char big[PATH_MAX + 1];

	(void)state;
	assert_int_equal(io_mkdirs(in_root("a/b//c/"), 0755), 0);
	assert_true(exists(in_root("a/b/c")));
	assert_int_equal(io_mkdirs(in_root("a/b/c"), 0755), 0);
	assert_int_equal(io_mkdirs("/", 0755), 0);
	assert_int_equal(io_mkdirs("", 0755), -ENOENT);
	put(in_root("a/file"), "");
	assert_int_equal(io_mkdirs(in_root("a/file"), 0755), -ENOTDIR);
	assert_int_equal(io_mkdirs(in_root("a/file/x"), 0755), -ENOTDIR);
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(io_mkdirs(big, 0755), -ENAMETOOLONG);
}

static void removes_what_is_there(void **state)
{
	(void)state;
	assert_int_equal(io_remove_tree(in_root("never/was")), 0);
	put(in_root("single"), "x");
	assert_int_equal(io_remove_tree(in_root("single")), 0);
	assert_false(exists(in_root("single")));
	assert_int_equal(io_mkdirs(in_root("tree/a/b"), 0755), 0);
	assert_int_equal(io_mkdirs(in_root("tree/c"), 0755), 0);
	put(in_root("tree/a/b/file"), "x");
	put(in_root("tree/file"), "x");
	assert_int_equal(io_remove_tree(in_root("tree")), 0);
	assert_false(exists(in_root("tree")));
}

static void never_follows_a_link(void **state)
{
	(void)state;
	assert_int_equal(io_mkdirs(in_root("safe"), 0755), 0);
	put(in_root("safe/file"), "keep");
	assert_int_equal(io_mkdirs(in_root("evil"), 0755), 0);
	assert_int_equal(symlink(in_root("safe"), in_root("evil/link")), 0);
	assert_int_equal(symlink("/nowhere", in_root("evil/dangling")), 0);
	assert_int_equal(io_remove_tree(in_root("evil")), 0);
	assert_false(exists(in_root("evil")));
	assert_int_equal(symlink(in_root("safe"), in_root("toplink")), 0);
	assert_int_equal(io_remove_tree(in_root("toplink")), 0);
	assert_false(exists(in_root("toplink")));
	assert_content(in_root("safe/file"), "keep");
}

/* As a container can make it: far deeper than PATH_MAX, the descriptors or the stack would reach. */
static void removes_trees_of_any_depth(void **state)
{
	auto_close int dir = -1;

	(void)state;
	assert_int_equal(io_mkdirs(in_root("deep"), 0755), 0);
	dir = open(in_root("deep"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3000; i++) {
		/* Names that could meet those the removal gives. */
		const char *name = i % 2 ? ".removing-1" : ".removing-0";

		assert_int_equal(mkdirat(dir, name, 0755), 0);

		int next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		assert_true(next >= 0);
		close(dir);
		dir = next;
	}
	assert_int_equal(io_remove_tree(in_root("deep")), 0);
	assert_false(exists(in_root("deep")));
}

/* In a child, whose mount namespace goes with it. */
static int remove_around_a_mount(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	if (io_mkdirs(in_root("outer/inner"), 0755) < 0 || io_mkdirs(in_root("precious"), 0755) < 0)
		return 1;
	put(in_root("precious/file"), "keep");
	if (mount(in_root("precious"), in_root("outer/inner"), NULL, MS_BIND, NULL) < 0)
		return 77;
	if (io_remove_tree(in_root("outer")) != -EBUSY || io_remove_tree(in_root("outer/inner")) != -EBUSY)
		return 2;
	return exists(in_root("precious/file")) ? 0 : 3;
}

static void never_enters_a_mount(void **state)
{
	int status;

	(void)state;

	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(remove_around_a_mount());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void cleanup_and_take(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), taken = -1;
	char *text = strdup("x"), *kept = NULL;

	(void)state;
	{
		auto_close int scoped = fd;
		auto_free char *scoped_text = text;

		taken = TAKE_FD(scoped);
		kept = TAKE_PTR(scoped_text);
		assert_int_equal(scoped, -1);
		assert_null(scoped_text);
	}
	assert_int_equal(fcntl(taken, F_GETFD), FD_CLOEXEC);
	assert_string_equal(kept, "x");
	{
		auto_close int scoped = taken;
		auto_free char *scoped_text = kept;

		assert_non_null(scoped_text);
		assert_true(scoped >= 0);
	}
	assert_int_equal(fcntl(taken, F_GETFD), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_whole_within_the_limit),
		cmocka_unit_test(writes_all_or_nothing),
		cmocka_unit_test(writes_beside_a_bare_name),
		cmocka_unit_test(knobs_must_exist),
		cmocka_unit_test(write_all_reports_errors),
		cmocka_unit_test(makes_directories),
		cmocka_unit_test(removes_what_is_there),
		cmocka_unit_test(never_follows_a_link),
		cmocka_unit_test(removes_trees_of_any_depth),
		cmocka_unit_test(never_enters_a_mount),
		cmocka_unit_test(cleanup_and_take),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
