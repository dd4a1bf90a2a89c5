/* SPDX-License-Identifier: Apache-2.0 */
#include "../options.h"
#include "figure_plot.h"
#include "options.h"
#include "study.h"

#include <errno.h>
#include <unistd.h>

enum { TEXT_LIMIT = 1 << 20 };

static int plot_show(const struct plot *p, enum simulate_format format, struct buf *out, struct err *e)
{
	int rc = -EINVAL;

	switch (format) {
	case FORMAT_TXT:
		rc = plot_txt(p, out);
		break;
	case FORMAT_CSV:
		rc = plot_csv(p, true, out);
		break;
	case FORMAT_JSON:
		rc = plot_json(p, out);
		break;
	case FORMAT_SVG:
		rc = plot_svg(p, out);
		break;
	case FORMAT_PNG:
		rc = plot_png(p, out);
		break;
	}
	return rc ? err_set(e, rc, "OutOfMemory", "no memory for the output") : 0;
}

static int figure_show(const struct simulate_options *s, struct buf *out, struct err *e)
{
	auto_plot struct plot p = {0};
	int rc = figure_plot(s->figure, &p, e);

	return rc ? rc : plot_show(&p, s->format, out, e);
}

/* As text a study is its table, in every other form its plot. */
static int study_show(const struct simulate_options *s,
	int (*run)(const struct simulate_options *o, struct buf *text, struct plot *plot, struct err *e),
	struct buf *out, struct err *e)
{
	auto_buf struct buf text = BUF_INIT(TEXT_LIMIT);
	auto_plot struct plot p = {0};
	int rc = run(s, &text, &p, e);

	if (rc)
		return rc;
	if (s->format != FORMAT_TXT)
		return plot_show(&p, s->format, out, e);
	if (text.failed || buf_add(out, text.data, text.len))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the output");
	return 0;
}

int simulate_run(const struct options *o, struct buf *out, struct err *e)
{
	struct simulate_options s;

	simulate_options_parse(o->n_args, o->args, &s);
	/* What stands before `simulate` counts too. */
	s.kubeconfig = s.kubeconfig ? s.kubeconfig : o->kubeconfig;
	s.context = s.context ? s.context : o->context;
	s.namespace_ = s.namespace_ ? s.namespace_ : o->namespace_;
	if (s.format == FORMAT_PNG && isatty(STDOUT_FILENO))
		return err_set(e, -ENOTSUP, "Terminal",
			"a png is not for a terminal: send it to a file (>figure.png), or use --format txt");
	switch (s.what) {
	case WHAT_FIGURE:
		return figure_show(&s, out, e);
	case WHAT_STUDY:
		return study_show(&s, s.study->run, out, e);
	case WHAT_PLAY:
		return study_show(&s, study_play, out, e);
	case WHAT_CLUSTER:
		return study_show(&s, study_cluster, out, e);
	case WHAT_NOTHING:
		break;
	}
	return err_set(e, -EINVAL, "Nothing", "nothing to simulate");
}
