/* SPDX-License-Identifier: Apache-2.0 */
#include "streams.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 8
#define LINE_MAX_BYTES 64

static int list_add(struct stream_list *l, const char *path, struct err *e)
{
	char **paths = reallocarray(l->paths, l->n + 1, sizeof(*paths));

	if (!paths)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu paths", l->n);
	l->paths = paths;
	l->paths[l->n] = strdup(path);
	if (!l->paths[l->n])
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu paths", l->n);
	l->n++;
	return 0;
}

void streams_free(struct stream_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->paths[i]);
	free(l->paths);
	*l = (struct stream_list){0};
}

static int not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int find(struct stream_list *l, const char *path, int depth, struct err *e);

static int find_below(struct stream_list *l, const char *path, int depth, struct err *e)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, not_hidden, by_bytes), rc = 0;

	if (n < 0)
		return err_set(
			e, -errno, "CannotRead", "cannot read the folder %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		auto_free char *child = str_dup_fmt("%s/%s", path, entries[i]->d_name);

		if (rc == 0)
			rc = child ? find(l, child, depth + 1, e)
				   : err_set(e, -ENOMEM, "OutOfMemory", "no memory for a path");
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static int find(struct stream_list *l, const char *path, int depth, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(e, -errno, "CannotRead", "cannot read %s: %s", path, strerror(errno));
	if (depth > DEPTH_MAX)
		return err_set(e, -ELOOP, "TooDeep", "%s: folders are more than %d deep", path, DEPTH_MAX);
	if (S_ISDIR(st.st_mode))
		return find_below(l, path, depth, e);
	return list_add(l, path, e);
}

int streams_find(struct stream_list *l, const char *path, struct err *e)
{
	auto_free char *absolute = realpath(path, NULL);

	if (!absolute)
		return err_set(e, -errno, "CannotRead", "cannot read %s: %s", path, strerror(errno));
	return find(l, absolute, 0, e);
}

const char *stream_name(const char *path)
{
	const char *p = strrchr(path, '/');

	if (!p)
		return path;
	while (p > path && p[-1] != '/')
		p--;
	return p;
}

/* Digits only: no sign, no blank before. Returns what follows them, NULL when there are none or too many. */
static const char *take_number(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (v > (max - digit) / 10)
			return NULL;
		v = v * 10 + digit;
	}
	*ret = v;
	return s;
}

int stream_parse_line(const char *line, uint32_t *ret_task, uint64_t *ret_call)
{
	uint64_t task, call;
	const char *s = take_number(line, UINT32_MAX, &task);

	if (!s || (*s != ' ' && *s != '\t'))
		return -EINVAL;
	s = take_number(s + strspn(s, " \t"), UINT64_MAX, &call);
	if (!s || *s)
		return -EINVAL;
	*ret_task = (uint32_t)task;
	*ret_call = call;
	return 0;
}

static int feed_line(struct fused_stream *s, char *line, const char *path, size_t number, struct err *e)
{
	uint32_t task;
	uint64_t call;

	line[strcspn(line, "\n")] = 0;
	if (stream_parse_line(line, &task, &call))
		return err_set(
			e, -EINVAL, "BadStream", "%s:%zu: expected 'TASK CALL', two numbers", path, number);
	if (fused_stream_call(s, task, call) < 0)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the calls of %s", path);
	return 0;
}

int stream_feed(const char *path, struct fused_stream *s, struct err *e)
{
	auto_fclose FILE *f = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	int rc = 0;

	if (!f)
		return err_set(e, -errno, "CannotRead", "cannot open %s: %s", path, strerror(errno));
	for (size_t number = 1; rc == 0 && fgets(line, sizeof(line), f); number++)
		rc = feed_line(s, line, path, number, e);
	if (rc == 0 && ferror(f))
		rc = err_set(e, -EIO, "CannotRead", "cannot read %s: %s", path, strerror(errno));
	if (rc == 0 && fused_stream_end(s))
		rc = err_set(e, -ENOMEM, "OutOfMemory", "no memory for the epochs of %s", path);
	return rc;
}
