/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7386, as the API server applies a merge patch. For the simulated and the scripted API server of these
 * tests. */
#ifndef ESCAPE_TESTS_OPERATOR_MERGE_H
#define ESCAPE_TESTS_OPERATOR_MERGE_H

#include <doc/json.h>

void merge_apply(struct json *target, const struct json *patch);

#endif
