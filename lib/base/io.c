/* SPDX-License-Identifier: Apache-2.0 */
#include <base/io.h>

#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define READ_CHUNK 16384

static int read_fd(int fd, size_t max, struct buf *out)
{
	char chunk[READ_CHUNK];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if ((size_t)n > max - out->len)
			return -EFBIG;

		int r = buf_add(out, chunk, (size_t)n);

		if (r < 0)
			return r;
		if (n == 0)
			return 0;
	}
}

int io_read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len)
{
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	auto_buf struct buf out = BUF_INIT(max);

	if (fd < 0)
		return -errno;

	int r = read_fd(fd, max, &out);

	if (r < 0)
		return r;
	if (ret_len)
		*ret_len = out.len;
	*ret = TAKE_PTR(out.data);
	return 0;
}

int io_read_file(const char *path, size_t max, char **ret, size_t *ret_len)
{
	return io_read_file_at(AT_FDCWD, path, max, ret, ret_len);
}

int io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int open_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int r;

	if (!slash)
		r = str_copy(dir, sizeof(dir), ".");
	else
		r = str_fmt(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if (r < 0)
		return r;

	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int fill_and_sync(int fd, const void *data, size_t len, mode_t mode)
{
	int r = io_write_all(fd, data, len);

	if (r < 0)
		return r;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int io_write_file_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
	auto_close int dir = open_parent(path);
	char tmp[PATH_MAX];

	if (dir < 0)
		return dir;
	if (str_fmt(tmp, sizeof(tmp), "%s.tmp-XXXXXX", path) < 0)
		return -ENAMETOOLONG;

	auto_close int fd = mkostemp(tmp, O_CLOEXEC);

	if (fd < 0)
		return -errno;

	int r = fill_and_sync(fd, data, len, mode ? mode : 0600);

	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(tmp);
		return r;
	}
	return fsync(dir) < 0 ? -errno : 0;
}

int io_write_knob(const char *path, const char *value)
{
	auto_close int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return -errno;
	/* The kernel takes a value in one write or not at all, so a rest must not be sent by itself. */
	do
		n = write(fd, value, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int make_dir(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST && errno != EISDIR)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int io_mkdirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	int r = str_copy(part, sizeof(part), path);

	if (r < 0)
		return r;
	if (!*part)
		return -ENOENT;
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		r = make_dir(part, mode);
		if (r < 0)
			return r;
		*p = '/';
	}
	return make_dir(part, mode);
}
