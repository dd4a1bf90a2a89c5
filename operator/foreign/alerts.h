/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTPS server for foreign detectors, POST /alerts: one JSON event, or an array of up to 64. Only the
 * leader takes them, others answer 503 (the Service escape-alerts leads to the leader, see role.h). 202:
 * taken or rightly ignored, the body counts. 401: no or a wrong token. 400: not understood. 422: about a node
 * that is not there. 429: too many. Loop thread only.
 */
#ifndef ESCAPE_OPERATOR_ALERTS_H
#define ESCAPE_OPERATOR_ALERTS_H

#include "operator/foreign/accept.h"
#include "operator/reconcile/reconcile.h"
#include "operator/secrets/certs.h"

#include <loop/loop.h>

struct alerts_args {
	struct world *world;
	struct reconcile *reconcile;
	struct op_metrics *metrics;
	const char *address;
	int port;
	struct foreign_thresholds thresholds;
};

struct alerts;
/* args is copied, what it points to borrowed. It listens from the first alerts_use on. */
int alerts_new(struct loop *l, const struct alerts_args *args, struct alerts **ret);
/* Serves with this certificate from now on. After a failure it does not serve. */
int alerts_use(struct alerts *a, const struct certs *c, struct err *e);
/* The token from now on; copied. */
void alerts_set_token(struct alerts *a, const char *token);
int alerts_port(const struct alerts *a);
void alerts_free(struct alerts *a);

#endif
