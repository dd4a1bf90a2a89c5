/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BehaviorProfiles as `kubectl escape profile` shows them: the list, and one as YAML for Git. Pure. Strings
 * are borrowed from the list, which outlives the view. Anything may be absent or of the wrong type: it is
 * then shown as unknown.
 */
#ifndef ESCAPE_CLI_PROFILES_H
#define ESCAPE_CLI_PROFILES_H

#include <base/buf.h>
#include <base/err.h>
#include <doc/json.h>

void profiles_text(const struct json *list, const char *namespace_, struct buf *out);
/* Without what was learned. NULL: out of memory. Caller frees. */
struct json *profiles_json(const struct json *list);
/* The object as another cluster or another day takes it: without what this cluster added. -EINVAL: not Ready
 * (or Stale, which is as good), or with values that are none of a profile's. */
int profile_export(const struct json *obj, struct buf *out, struct err *e);

#endif
