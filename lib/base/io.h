/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read whole with a limit, written to a temporary name, fsynced and renamed: complete or absent. */
#ifndef ESCAPE_BASE_IO_H
#define ESCAPE_BASE_IO_H

#include <stddef.h>
#include <sys/types.h>

/* Reads path whole (NUL-terminated, *ret_len without the NUL, may be NULL). -EFBIG above max. Caller frees
 * *ret. */
int io_read_file(const char *path, size_t max, char **ret, size_t *ret_len);
int io_read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len);
/* Temporary name in the same directory, fsync of file and directory, rename. */
int io_write_file_atomic(const char *path, const void *data, size_t len, mode_t mode);
/* One plain write to an existing file (cgroup and proc knobs): 0 or -errno. */
int io_write_knob(const char *path, const char *value);
int io_write_all(int fd, const void *data, size_t len);
int io_mkdirs(const char *path, mode_t mode); /* like mkdir -p */
/* Removes path and everything below it, never following a symbolic link. Absent is success; a mount in it is
 * -EBUSY. */
int io_remove_tree(const char *path);

#endif
