/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small API server for component tests: any kind, kept in memory; list, chunked watch (WebSockets are
 * refused, as some proxies do), create, merge patch with its preconditions, delete. A pod that is deleted
 * stays, terminating, until the test, as its kubelet, removes it. Threads: everything may be called from any;
 * a thread per connection inside.
 */
#ifndef ESCAPE_TESTS_OPERATOR_FAKE_API_H
#define ESCAPE_TESTS_OPERATOR_FAKE_API_H

#include <doc/json.h>

struct fake_api;
struct fake_api *fake_api_start(void);
void fake_api_stop(struct fake_api *a);
int fake_api_port(const struct fake_api *a);

/*
 * As over HTTP. path: "/api/v1/namespaces/shop/pods/prey/status"; body borrowed, may be NULL. Returns the
 * HTTP status; *ret (may be NULL) is the object or Status, the caller's.
 */
int fake_api_call(
	struct fake_api *a, const char *method, const char *path, const struct json *body, struct json **ret);
/* Gone at once, whatever its grace. */
void fake_api_remove(struct fake_api *a, const char *path);
/* Items of a collection ("/api/v1/pods"), all namespaces. */
size_t fake_api_count(struct fake_api *a, const char *collection);
/* The next n requests over HTTP of this method whose path contains the text are answered with this status. */
void fake_api_fail(struct fake_api *a, const char *method, const char *part, int status, unsigned n);
/* Requests over HTTP of this method whose path contains the text, so far. */
unsigned fake_api_seen(struct fake_api *a, const char *method, const char *part);

#endif
