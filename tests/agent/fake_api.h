/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An API server of a few objects, over tests/http's scripted server: get, list, watch, create, merge patch
 * with a resourceVersion precondition, apply, delete. No validation, no defaults, no authorisation. Objects
 * live as long as the fake_api.
 */
#ifndef ESCAPE_TESTS_FAKE_API_H
#define ESCAPE_TESTS_FAKE_API_H

#include <stdatomic.h>

#include "fake_server.h"

struct fake_api;

struct fake_api *fake_api_new(void);
void fake_api_free(struct fake_api *api);
/* Serves from now on, at a new address: "http://127.0.0.1:PORT", borrowed until fake_api_stop. */
const char *fake_api_start(struct fake_api *api);
void fake_api_stop(struct fake_api *api);
/* While set, every request is answered by a closed connection; watches that stand go on in silence. */
void fake_api_cut(struct fake_api *api, bool cut);
/* Events (of events.k8s.io) created so far with this reason. */
unsigned fake_api_events(struct fake_api *api, const char *reason);
/* One of them holds this text. */
bool fake_api_event_says(struct fake_api *api, const char *reason, const char *text);

#endif
