/* SPDX-License-Identifier: Apache-2.0 */
/* The three things the demo's client does; each returns the exit status of the process. Times are wall-clock
 * ms. */
#ifndef ESCAPE_DEMO_CLIENT_H
#define ESCAPE_DEMO_CLIENT_H

#include <stdint.h>

/* Until SIGTERM. reconnect_every > 0: closes its connection after that many requests and rests idle_ms, as
 * visitors do: new connections and quiet times are part of what is normal. A request without answer for
 * answer_ms counts as lost. */
int client_run(const char *host, int port, const char *log_path, int interval_ms, int reconnect_every,
	int idle_ms, int answer_ms);
int client_attack(const char *host, int port, const char *line);
int client_summary(const char *log_path, int64_t from_ms, int64_t to_ms);

#endif
