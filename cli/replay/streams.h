/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded streams on disk: which files there are, and their lines 'TASK CALL'. */
#ifndef ESCAPE_CLI_REPLAY_STREAMS_H
#define ESCAPE_CLI_REPLAY_STREAMS_H

#include <base/err.h>
#include <bosc/fused.h>
#include <stddef.h>
#include <stdint.h>

struct stream_list {
	char **paths; /* owned, each absolute */
	size_t n;
};

/* Adds the file, or all files in and below the folder in the order of their names; hidden ones are left out.
 */
int streams_find(struct stream_list *l, const char *path, struct err *e);
void streams_free(struct stream_list *l);
/* Folder and file: what a stream is called. Borrowed from path. */
const char *stream_name(const char *path);
/* Feeds the stream to s and ends it. */
int stream_feed(const char *path, struct fused_stream *s, struct err *e);
/* A line without its end of line: 0 or -EINVAL. */
int stream_parse_line(const char *line, uint32_t *ret_task, uint64_t *ret_call);

#endif
