/* SPDX-License-Identifier: Apache-2.0 */
/* The spec of a successor: the old pod's, without what the API server or the scheduler decided for the old
 * one. Pure. */
#ifndef ESCAPE_OPERATOR_SUCCESSOR_SPEC_H
#define ESCAPE_OPERATOR_SUCCESSOR_SPEC_H

#include <doc/json.h>

/* Caller frees; NULL: out of memory. */
struct json *successor_spec(const struct json *old, const char *node);

/* A spec without what is decided for each pod anew. Caller frees; NULL: out of memory. */
struct json *successor_spec_strip(const struct json *from);

/* The API server copies topology labels from the node when it binds a pod (PodTopologyLabels): they are not
 * the owner's. */
bool successor_label_is_of_node(const char *key);

#endif
