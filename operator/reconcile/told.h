/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers what was told already, so that a level-triggered plan does not repeat its Events. Bounded: the
 * oldest is forgotten. */
#ifndef ESCAPE_OPERATOR_TOLD_H
#define ESCAPE_OPERATOR_TOLD_H

#include <stdbool.h>

#define TOLD_MAX 4096

struct told;
int told_new(struct told **ret);
void told_free(struct told *t);
/* True the first time. Without memory it is true again: rather twice than never. */
bool told_first(struct told *t, const char *key);

#endif
