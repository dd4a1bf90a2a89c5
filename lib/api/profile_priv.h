/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the profile share. */
#ifndef ESCAPE_API_PROFILE_PRIV_H
#define ESCAPE_API_PROFILE_PRIV_H

#include <api/profile.h>

/* Bags, and of Fused the pairs and triples. After an error profile_free is due. */
int profile_learned_decode(const struct json *spec, struct profile *p, struct err *e);
int profile_learned_encode(struct json *spec, const struct profile *p);

#endif
