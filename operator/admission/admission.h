/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The admission webhook without its server: an AdmissionReview in, an AdmissionReview out. A new pod that a
 * policy selects gets the RuntimeClass; everything else passes untouched. Never denies anything. Pure; the
 * input is hostile.
 */
#ifndef ESCAPE_OPERATOR_ADMISSION_H
#define ESCAPE_OPERATOR_ADMISSION_H

#include <base/buf.h>
#include <base/err.h>
#include <doc/json.h>
#include <stdbool.h>

#define ADMISSION_MAX 3145728u /* what the API server sends at most */

/* Does a policy govern this pod object (its namespace is set)? */
typedef bool (*admission_governs)(void *arg, const struct json *pod);

/* 0 and the answer in *out; -EINVAL, -EFBIG: the review is malformed, *e says how. */
int admission_review(
	const char *body, size_t len, admission_governs governs, void *arg, struct buf *out, struct err *e);

#endif
