/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a foreign detector sends to what is noted against a node: which node is meant, is it heavy
 * enough, is there not too much of it. Does no I/O; changes only the world. What one reporter can cause: a
 * bounded number of reports per second, at most 16 causes on a node, and a share of the nodes hacked
 * (plan_verdicts.h).
 */
#ifndef ESCAPE_OPERATOR_FOREIGN_ACCEPT_H
#define ESCAPE_OPERATOR_FOREIGN_ACCEPT_H

#include "operator/foreign/rate.h"
#include "operator/foreign/report.h"
#include "operator/world/world.h"

struct foreign_thresholds {
	enum foreign_priority hacked, suspect; /* from this priority on */
};

struct foreign_node_rate;
struct foreign_intake {
	struct world *world;
	struct foreign_thresholds thresholds;
	struct rate by_source[VERDICT_SOURCES];
	struct foreign_node_rate *by_node;
};

void foreign_intake_init(
	struct foreign_intake *f, struct world *w, const struct foreign_thresholds *thresholds);
void foreign_intake_free(struct foreign_intake *f);

enum foreign_result {
	FOREIGN_ACCEPTED,
	FOREIGN_IGNORED, /* accuses no node, or too lightly */
	FOREIGN_LIMITED, /* too many */
	FOREIGN_REFUSED, /* not understood, or about a node that is not there */
	FOREIGN_RESULTS
};
extern const char *const FOREIGN_RESULT_NAMES[];

/* One event. *ret_source is set where it could be told, else VERDICT_SOURCES; *e says why it was refused. */
enum foreign_result foreign_take(struct foreign_intake *f, const struct json *event, int64_t now_ms,
	enum verdict_source *ret_source, struct err *e);

#endif
