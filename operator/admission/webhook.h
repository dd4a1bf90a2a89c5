/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS server of the admission webhook, POST /mutate-pods. Every replica serves it. Loop thread only. */
#ifndef ESCAPE_OPERATOR_WEBHOOK_H
#define ESCAPE_OPERATOR_WEBHOOK_H

#include "operator/secrets/certs.h"
#include "operator/world/world.h"

#include <loop/loop.h>

struct webhook;
/* world is borrowed. It listens from the first webhook_use on. */
int webhook_new(struct loop *l, const struct world *w, const char *address, int port, struct webhook **ret);
/* Serves with this certificate from now on. After a failure it does not serve. */
int webhook_use(struct webhook *h, const struct certs *c, struct err *e);
bool webhook_serves(const struct webhook *h);
int webhook_port(const struct webhook *h);
void webhook_free(struct webhook *h);

#endif
