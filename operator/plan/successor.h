/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pod that takes over, made from the pod that moves. Pure JSON to JSON. Until the hand-over it carries no
 * label a selector could match and no owner; both wait in an annotation, so that the hand-over needs nothing
 * but the successor.
 */
#ifndef ESCAPE_OPERATOR_SUCCESSOR_H
#define ESCAPE_OPERATOR_SUCCESSOR_H

#include <api/escape.h>
#include <doc/json.h>

/* Labels and owner that the hand-over gives to the successor, as JSON text. */
#define SUCCESSOR_ANN_HANDOVER "escape.dev/handover"

/* The object for kube_create; caller frees. NULL: out of memory. */
struct json *successor_build(const struct escape *x, const struct json *old);
/*
 * Is `found`, which bears the name already, what we made earlier of `built`? Everything built must be in it
 * unchanged, but for what the API server adds: anybody may create a pod of that name to be given another
 * pod's memory.
 */
bool successor_matches(const struct json *built, const struct json *found);
/* Merge patches; NULL: out of memory, or the annotation of the successor cannot be read. */
struct json *successor_handover_patch(const struct json *successor);
struct json *successor_yield_patch(const char *old_uid);

#endif
