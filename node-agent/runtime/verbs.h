/* SPDX-License-Identifier: Apache-2.0 */
/* What escape-runc does for each verb that is not plainly runc's. Each returns the exit status, or does not
 * return. */
#ifndef ESCAPE_RUNTIME_VERBS_H
#define ESCAPE_RUNTIME_VERBS_H

#include "node-agent/runtime/args.h"

int verb_create(const struct runc_args *a);
int verb_start(const struct runc_args *a);
int verb_exec(const struct runc_args *a);
int verb_delete(const struct runc_args *a);
/* Verbs that end soon: wait until the real container is there, and keep it there until runc has done. */
int verb_guarded(const struct runc_args *a);
/* Everything else: becomes runc. */
int verb_pass(const struct runc_args *a);

#endif
