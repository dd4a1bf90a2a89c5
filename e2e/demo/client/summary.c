/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <base/cleanup.h>

#include <errno.h>
#include <inttypes.h>

struct row {
	int64_t sent, answered;
	uint64_t count;
	long book;
	int connection;
};

struct summary {
	uint64_t requests, lost, out_of_order, back;
	int64_t gap_ms, last_answer;
	uint64_t first_count, last_count, count_before_back, count_after_back;
	int first_connection, last_connection;
	int consistent; /* the book has one line of 21 bytes for each count */
};

static void add_row(struct summary *s, const struct row *r)
{
	if (s->requests == 0)
		s->first_connection = r->connection;
	s->requests++;
	s->last_connection = r->connection;
	if (!r->answered) {
		s->lost++;
		return;
	}
	if (s->last_answer && r->answered - s->last_answer > s->gap_ms)
		s->gap_ms = r->answered - s->last_answer;
	s->last_answer = r->answered;
	if (r->book != (long)(21 * r->count))
		s->consistent = 0;
	if (s->last_count && r->count != s->last_count + 1) {
		s->out_of_order++;
		if (r->count <= s->last_count) {
			s->back++;
			s->count_before_back = s->last_count;
			s->count_after_back = r->count;
		}
	}
	if (!s->first_count)
		s->first_count = r->count;
	s->last_count = r->count;
}

static int number_next(const char **at, long long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(*at, &end, 10);
	if (end == *at || errno)
		return -EBADMSG;
	*at = end;
	return 0;
}

/* 0 at the end of the log; a row that was cut off ends it too. */
static int row_read(FILE *log, struct row *ret)
{
	char line[128];
	const char *at = line;
	long long n[5];

	if (!fgets(line, sizeof(line), log))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		if (number_next(&at, &n[i]))
			return 0;
	*ret = (struct row){n[0], n[1], (uint64_t)n[2], (long)n[3], (int)n[4]};
	return 1;
}

int client_summary(const char *log_path, int64_t from_ms, int64_t to_ms)
{
	struct summary s = {.consistent = 1};
	struct row r;
	auto_fclose FILE *log = fopen(log_path, "r");
	if (!log) {
		perror(log_path);
		return 1;
	}
	while (row_read(log, &r))
		if (r.sent >= from_ms && r.sent <= to_ms)
			add_row(&s, &r);
	printf("{\"requests\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"out_of_order\":%" PRIu64
	       ",\"gap_ms\":%" PRId64 ",\"connection_survived\":%s,\"first_count\":%" PRIu64
	       ",\"last_count\":%" PRIu64 ",\"went_back\":%" PRIu64 ",\"count_before\":%" PRIu64
	       ",\"count_after\":%" PRIu64 ",\"file_agrees\":%s}\n",
		s.requests, s.lost, s.out_of_order, s.gap_ms,
		s.requests && s.first_connection == s.last_connection ? "true" : "false", s.first_count,
		s.last_count, s.back, s.count_before_back, s.count_after_back,
		s.consistent ? "true" : "false");
	return 0;
}
