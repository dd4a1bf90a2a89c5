/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/mountinfo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>

#define OVERLAY_DATA_MAX (1u << 20)

static bool is_octal(const char *s)
{
	return s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' &&
	       s[3] <= '7';
}

/* The kernel writes space, tab, newline and backslash as \ooo. */
static void unescape_octal(char *s)
{
	char *to = s;

	while (*s) {
		if (is_octal(s)) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = 0;
}

static char *next_field(char **at)
{
	char *s = *at;

	if (!s || !*s)
		return NULL;
	char *end = strchr(s, ' ');
	if (end)
		*end++ = 0;
	*at = end;
	return *s ? s : NULL;
}

int mountinfo_parse_line(char *line, struct mount_entry *ret)
{
	struct mount_entry m;
	char *at = line, *field;

	for (int i = 0; i < 3; i++) { /* mount id, parent id, device */
		if (!next_field(&at))
			return -EINVAL;
	}
	m.root = next_field(&at);
	m.target = next_field(&at);
	m.options = next_field(&at);
	if (!m.root || !m.target || !m.options)
		return -EINVAL;
	do { /* any number of optional fields */
		field = next_field(&at);
	} while (field && !str_eq(field, "-"));
	m.fstype = field ? next_field(&at) : NULL;
	m.source = m.fstype ? next_field(&at) : NULL;
	m.super = m.source ? next_field(&at) : NULL;
	if (!m.super)
		return -EINVAL;
	unescape_octal(m.root);
	unescape_octal(m.target);
	unescape_octal(m.source);
	unescape_octal(m.super);
	*ret = m;
	return 0;
}

int mountinfo_find(char *text, const char *target, struct mount_entry *ret)
{
	int r = -ENOENT;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct mount_entry m;
		if (mountinfo_parse_line(line, &m) || !str_eq(m.target, target))
			continue;
		*ret = m;
		r = 0;
	}
	return r;
}

unsigned long mountinfo_flags(const char *options)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} table[] = {
		{"ro", MS_RDONLY},
		{"nosuid", MS_NOSUID},
		{"nodev", MS_NODEV},
		{"noexec", MS_NOEXEC},
		{"noatime", MS_NOATIME},
		{"nodiratime", MS_NODIRATIME},
		{"relatime", MS_RELATIME},
	};
	unsigned long flags = 0;

	while (*options) {
		size_t len = strcspn(options, ",");
		for (size_t i = 0; i < ARRAY_LEN(table); i++) {
			if (strlen(table[i].name) == len && !strncmp(options, table[i].name, len))
				flags |= table[i].flag;
		}
		options += len;
		options += *options == ',';
	}
	return flags;
}

/* Length of the piece of s before an unescaped `end`. */
static size_t piece_len(const char *s, char end)
{
	size_t n = 0;

	while (s[n] && s[n] != end)
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return n;
}

static size_t unescape_backslash(char *dst, const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 1 < len)
			i++;
		dst[n++] = s[i];
	}
	dst[n] = 0;
	return n;
}

static char *option_path(const char *value, size_t len)
{
	char *path = malloc(len + 1);

	if (path)
		unescape_backslash(path, value, len);
	return path;
}

/* Words the kernel prints but mount(2) does not take: state of the superblock, or the default spelled out. */
static bool option_is_printed_only(const char *s, size_t len)
{
	static const char *const words[] = {"rw", "ro", "seclabel", "nouserxattr"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i]) == len && !strncmp(s, words[i], len))
			return true;
	}
	return false;
}

static bool option_value(const char *s, size_t len, const char *name, const char **ret, size_t *ret_len)
{
	size_t n = strlen(name);

	if (len <= n || strncmp(s, name, n) != 0)
		return false;
	*ret = s + n;
	*ret_len = len - n;
	return true;
}

static void take_path(char **to, char *path)
{
	free(*to);
	*to = path;
}

static void take_option(struct overlay_options *o, const char *s, size_t len)
{
	const char *value;
	size_t n;

	if (option_value(s, len, "upperdir=", &value, &n))
		take_path(&o->upper, option_path(value, n));
	else if (option_value(s, len, "workdir=", &value, &n))
		take_path(&o->work, option_path(value, n));
	else if (option_value(s, len, "lowerdir=", &value, &n) ||
		 option_value(s, len, "lowerdir+=", &value, &n))
		take_path(&o->lower, strndup(value, n));
}

int overlay_options_parse(const char *super, struct overlay_options *ret)
{
	struct overlay_options o = {0};
	auto_buf struct buf data = BUF_INIT(OVERLAY_DATA_MAX);

	while (*super) {
		size_t len = piece_len(super, ',');
		if (len && !option_is_printed_only(super, len)) {
			if (data.len)
				buf_adds(&data, ",");
			buf_add(&data, super, len);
			take_option(&o, super, len);
		}
		super += len;
		super += *super == ',';
	}
	if (data.failed || !data.len || !o.upper || !o.work || !o.lower) {
		overlay_options_free(&o);
		return data.failed ? -ENOMEM : -EINVAL;
	}
	o.data = TAKE_PTR(data.data);
	*ret = o;
	return 0;
}

void overlay_options_free(struct overlay_options *o)
{
	if (!o)
		return;
	free(o->data);
	free(o->lower);
	free(o->upper);
	free(o->work);
	*o = (struct overlay_options){0};
}

int overlay_next_lower(const char **lower, char *dst, size_t size)
{
	while (**lower == ':') /* "::" separates data-only layers */
		(*lower)++;
	size_t len = piece_len(*lower, ':');
	if (len >= size)
		return -ENAMETOOLONG;
	int n = (int)unescape_backslash(dst, *lower, len);
	*lower += len;
	return n;
}
