/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads /proc/self/mountinfo, and the options of an overlay out of it. Pure: the caller brings the text. The
 * strings in struct mount_entry point into that text, which is cut and unescaped in place.
 */
#ifndef ESCAPE_RUNTIME_MOUNTINFO_H
#define ESCAPE_RUNTIME_MOUNTINFO_H

#include <stddef.h>

struct mount_entry {
	char *root;    /* what of the filesystem is mounted here */
	char *target;  /* where */
	char *options; /* of the mount: "rw,nosuid" */
	char *fstype;
	char *source;
	char *super; /* of the filesystem: "rw,lowerdir=..." */
};

/* One line without its newline. -EINVAL when it is not of the documented form (proc_pid_mountinfo(5)). */
int mountinfo_parse_line(char *line, struct mount_entry *ret);
/* The mount on top at `target`: the last line that names it. -ENOENT. */
int mountinfo_find(char *text, const char *target, struct mount_entry *ret);
/* "rw,nosuid,nodev" to MS_* flags; words that are no flag of mount(2) are passed over. */
unsigned long mountinfo_flags(const char *options);

struct overlay_options {
	char *data;  /* the options to mount it again, as mount(2) takes them */
	char *lower; /* value of lowerdir as it stands: may be relative, may be long */
	char *upper; /* paths, unescaped */
	char *work;
};

/* `super` of an overlay mount. -EINVAL without lowerdir, upperdir or workdir. Freed by overlay_options_free.
 */
int overlay_options_parse(const char *super, struct overlay_options *ret);
void overlay_options_free(struct overlay_options *o);
/* Copies the next of `lower`'s directories, unescaped, to dst: its length, 0 at the end, -ENAMETOOLONG. */
int overlay_next_lower(const char **lower, char *dst, size_t size);

#endif
