/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS server of the admission webhook, POST /mutate-pods and /evictions. Every replica serves it. Loop
 * thread only. */
#ifndef ESCAPE_OPERATOR_WEBHOOK_H
#define ESCAPE_OPERATOR_WEBHOOK_H

#include "operator/plan/config.h"
#include "operator/secrets/certs.h"
#include "operator/world/world.h"

#include <kube/client.h>

struct webhook;
struct webhook_args {
	struct kube_client *client; /* its loop serves */
	const struct world *world;
	const struct plan_config *config;
	const char *address;
	int port;
};
/* Everything is borrowed. It listens from the first webhook_use on; freed after the client. */
int webhook_new(const struct webhook_args *args, struct webhook **ret);
/* Serves with this certificate from now on. After a failure it does not serve. */
int webhook_use(struct webhook *h, const struct certs *c, struct err *e);
bool webhook_serves(const struct webhook *h);
int webhook_port(const struct webhook *h);
void webhook_free(struct webhook *h);

#endif
