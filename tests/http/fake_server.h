/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scripted HTTP/1.1 and WebSocket server on 127.0.0.1 for tests: one thread, one handler, answers byte for
 * byte what the script says, wrong ones included. Not a real server. The handler runs on the server's thread;
 * what it shares with the test is looked at after fake_stop, or is atomic.
 */
#ifndef ESCAPE_TESTS_FAKE_SERVER_H
#define ESCAPE_TESTS_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct fake;
struct fake_conn;

struct fake_request {
	const char *method;
	const char *target; /* with the query */
	const char *head;   /* request line and headers */
	const char *body;
	size_t body_len;
	unsigned number; /* 0, 1, ... in order of arrival at the server */
	bool upgrade;
};

typedef void (*fake_handler)(void *arg, struct fake_conn *c, const struct fake_request *r);

struct fake *fake_start(fake_handler handler, void *arg);
int fake_port(const struct fake *f);
/* "http://127.0.0.1:PORT", owned by f. */
const char *fake_url(const struct fake *f);
unsigned fake_requests(struct fake *f);
void fake_stop(struct fake *f);

/* Inside the handler, on its own or any other open connection. */
void fake_reply(struct fake_conn *c, int status, const char *headers, const char *body);
void fake_raw(struct fake_conn *c, const void *data, size_t len);
void fake_chunked(struct fake_conn *c); /* 200, then chunks */
void fake_chunk(struct fake_conn *c, const char *text);
void fake_chunked_end(struct fake_conn *c);
void fake_upgrade(struct fake_conn *c, const struct fake_request *r);
enum { FAKE_CONT = 0, FAKE_TEXT = 1, FAKE_CLOSE = 8 };
void fake_frame(struct fake_conn *c, int opcode, bool fin, const void *data, size_t len);
void fake_text(struct fake_conn *c, const char *text);
void fake_close(struct fake_conn *c); /* FIN, once the handler has returned */
void fake_reset(struct fake_conn *c); /* RST */

#endif
