/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles and streams of escape-replay as files that anybody may have written. Of what is taken, a stream
 * runs. */
#include <cli/replay/profile.h>
#include <cli/replay/streams.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/fuzz/fuzz.h>

static void stream_run(struct fused_model *m, const char *text)
{
	struct fused_stream *s;

	if (m->params.epoch > 10000 || fused_stream_new(m, false, &s))
		return;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		char copy[64];
		uint32_t task;
		uint64_t call;

		line += *line == '\n';
		snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(line, "\n"), line);
		if (stream_parse_line(copy, &task, &call) == 0 && fused_stream_call(s, task, call) < 0)
			abort();
	}
	if (fused_stream_end(s))
		abort();
	fused_stream_free(s);
}

/* A profile, an empty line, a stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *stream;
	struct replay_profile p;
	struct err e;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	stream = strstr(text, "\n\n");
	if (stream) {
		stream[1] = 0;
		stream += 2;
	}
	if (replay_profile_parse(text, &p, &e) == 0) {
		if (stream)
			stream_run(&p.model, stream);
		replay_profile_free(&p);
	}
	free(text);
	return 0;
}
