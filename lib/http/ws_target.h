/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a WebSocket URL. Pure. Not for users of lib/http. */
#ifndef ESCAPE_HTTP_WS_TARGET_H
#define ESCAPE_HTTP_WS_TARGET_H

#include <base/err.h>
#include <stdbool.h>

struct ws_target {
	char *address;    /* host name or IPv4 address */
	char *host;       /* the Host header: address, and the port when the URL gives one */
	const char *path; /* with the query; inside the parsed URL */
	int port;
	bool tls;
};

/* To be freed with ws_target_free, also after an error. -EINVAL, -ENAMETOOLONG, -ENOMEM. */
int ws_target_parse(const char *url, struct ws_target *t, struct err *e);
void ws_target_free(struct ws_target *t);

#endif
