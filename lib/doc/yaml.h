/* SPDX-License-Identifier: Apache-2.0 */
/* YAML (libyaml inside) to the same tree as JSON, with caps on size, depth (32) and nodes (100,000); aliases
 * refused. Plain scalars become null, bool or numbers by the JSON rules of the YAML 1.2 core schema; quoted
 * ones stay strings. */
#ifndef ESCAPE_DOC_YAML_H
#define ESCAPE_DOC_YAML_H

#include <doc/json.h>

/* First document of text. Caller frees with json_free. */
int yaml_parse(const char *text, size_t len, size_t max, struct json **ret, struct err *e);
/* All documents, as a JSON array. */
int yaml_parse_all(const char *text, size_t len, size_t max, struct json **ret, struct err *e);

#endif
