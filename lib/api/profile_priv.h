/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the profile share. */
#ifndef ESCAPE_API_PROFILE_PRIV_H
#define ESCAPE_API_PROFILE_PRIV_H

#include <api/profile.h>

/* Nothing of it there: 0, and p->pairs stays NULL. After an error profile_free is due. */
int profile_fused_decode(const struct json *spec, struct profile *p, struct err *e);
int profile_fused_encode(struct json *spec, const struct profile *p);

#endif
