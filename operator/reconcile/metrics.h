/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's metrics. Gauges are computed from the world when somebody asks. Loop thread only. */
#ifndef ESCAPE_OPERATOR_METRICS_H
#define ESCAPE_OPERATOR_METRICS_H

#include "operator/plan/config.h"
#include "operator/world/world.h"

#include <base/buf.h>

struct op_metrics;
int op_metrics_new(struct op_metrics **ret, struct err *e);
void op_metrics_free(struct op_metrics *m);
/* The Escape has just come into its phase. */
void op_metrics_phase(struct op_metrics *m, const struct escape *x);
void op_metrics_foreign(struct op_metrics *m, const char *source, const char *result);
void op_metrics_error(struct op_metrics *m);
int op_metrics_render(struct op_metrics *m, const struct world *w, const struct plan_config *c, bool leader,
	int64_t now_ms, struct buf *out);

#endif
