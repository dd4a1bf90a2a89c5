/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "options.h"
#include "profile.h"
#include "streams.h"

#define WINDOW_DEFAULT 10
#define EPOCH_DEFAULT 500

static int streams_to_learn(const struct replay_options *o, struct stream_list *l, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < o->n_paths; i++) {
		auto_free char *train = str_dup_fmt("%s/train", o->paths[i]);
		struct stat st;

		if (!train)
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a path");
		rc = streams_find(l, stat(train, &st) == 0 ? train : o->paths[i], e);
	}
	if (rc == 0 && l->n == 0)
		rc = err_set(e, -ENOENT, "NoStreams", "there is no stream in %s", o->paths[0]);
	return rc;
}

static int learn_one(struct fused_model *m, const char *path, struct err *e)
{
	struct fused_stream *s;
	int rc = fused_stream_new(m, true, &s);

	if (rc)
		return err_set(e, rc, "OutOfMemory", "no memory for a stream");
	rc = stream_feed(path, s, e);
	fused_stream_free(s);
	return rc;
}

static int learn_all(const struct stream_list *l, struct replay_profile *p, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->n; i++)
		rc = learn_one(&p->model, l->paths[i], e);
	if (rc)
		return rc;
	rc = fused_model_calibrate(&p->model, &p->thresholds);
	p->ready = rc == 0;
	return rc == -ENOMEM ? err_set(e, rc, "OutOfMemory", "no memory for the thresholds") : 0;
}

static void tell(const struct replay_profile *p, size_t streams, FILE *out)
{
	size_t outside;

	fprintf(out, "# learned %zu streams, %llu epochs, %llu tasks\n", streams,
		(unsigned long long)p->model.epochs, (unsigned long long)p->model.tasks);
	if (!p->ready)
		fprintf(out, "# not ready: thresholds need at least %d epochs\n", FUSED_EPOCHS_MIN);
	else if (p->model.epochs > FUSED_JUDGED_FROM &&
		 !fused_model_outside(&p->model, FUSED_JUDGED_FROM, &outside))
		fprintf(out, "# far outside what was learned before them: %zu of %llu epochs\n", outside,
			(unsigned long long)p->model.epochs - FUSED_JUDGED_FROM);
}

int learn_run(const struct replay_options *o, FILE *out, struct err *e)
{
	const struct fused_params params = {
		.window = o->window ? o->window : WINDOW_DEFAULT,
		.epoch = o->epoch ? o->epoch : EPOCH_DEFAULT,
		.form = o->form,
	};
	struct replay_profile p = {0};
	struct stream_list l = {0};
	int rc = fused_model_init(&p.model, &params);

	if (rc)
		err_set(e, rc, "OutOfMemory", "no memory for the profile");
	if (!rc)
		rc = streams_to_learn(o, &l, e);
	if (!rc)
		rc = learn_all(&l, &p, e);
	if (!rc)
		rc = replay_profile_write(&p, o->out, e);
	if (!rc)
		tell(&p, l.n, out);
	streams_free(&l);
	replay_profile_free(&p);
	return rc;
}
