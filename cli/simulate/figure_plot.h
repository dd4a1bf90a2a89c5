/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of the paper as plots: lib/model/figure.h decides what, this decides how it looks. Pure. */
#ifndef ESCAPE_CLI_SIMULATE_FIGURE_PLOT_H
#define ESCAPE_CLI_SIMULATE_FIGURE_PLOT_H

#include "plot.h"

#include <base/err.h>

/* *ret is empty before; plot_free it, whatever comes back. -EDOM for no figure, -ENOMEM. */
int figure_plot(int number, struct plot *ret, struct err *e);

#endif
