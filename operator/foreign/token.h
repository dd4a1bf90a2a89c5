/* SPDX-License-Identifier: Apache-2.0 */
/* Who may report. Pure. */
#ifndef ESCAPE_OPERATOR_TOKEN_H
#define ESCAPE_OPERATOR_TOKEN_H

#include <stdbool.h>

/*
 * authorization: the header, "Bearer TOKEN" or, for detectors that can only put it into a URL
 * (https://falco:TOKEN@...), "Basic" with any user and the token as password. The time that the comparison
 * takes tells nothing about the token, not even its length. An empty token matches nothing.
 */
bool token_matches(const char *authorization, const char *token);

#endif
