/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of lib/doc share; nobody else includes it. */
#ifndef ESCAPE_DOC_INTERNAL_H
#define ESCAPE_DOC_INTERNAL_H

#include <base/buf.h>
#include <doc/json.h>

#define JSON_DEPTH_MAX 64
/* The longest number cJSON reads whole. */
#define JSON_NUMBER_MAX 63

/* Exactly one JSON value, by the letter of RFC 8259 and within our limits: 0, or -EINVAL with line and
 * column. */
int json_check(const char *text, size_t len, struct err *e);

/* A plain YAML scalar by the YAML 1.2 core schema: 0, -EINVAL (a number that JSON does not have), -ENOMEM. */
int yaml_resolve_plain(const char *text, size_t len, struct json **ret);

#endif
