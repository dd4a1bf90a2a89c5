/* SPDX-License-Identifier: Apache-2.0 */
#include "../options.h"
#include "figure_plot.h"
#include "options.h"

#include <errno.h>
#include <unistd.h>

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
		if (isatty(STDOUT_FILENO))
			return err_set(e, -ENOTSUP, "Terminal",
				"a png is not for a terminal: send it to a file (>figure.png), or use "
				"--format txt");
		rc = plot_png(p, out);
		break;
	}
	return rc ? err_set(e, rc, "OutOfMemory", "no memory for the output") : 0;
}

int simulate_run(const struct options *o, struct buf *out, struct err *e)
{
	struct simulate_options s;
	auto_plot struct plot p = {0};
	int rc;

	simulate_options_parse(o->n_args, o->args, &s);
	rc = figure_plot(s.figure, &p, e);
	return rc ? rc : plot_show(&p, s.format, out, e);
}
