/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The admission webhook without its server: an AdmissionReview in, an AdmissionReview out. A new pod that a
 * policy selects gets the RuntimeClass; the eviction of a pod that is to move instead is asked to try again.
 * Everything else passes untouched. Pure; the input is hostile.
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

/* May the pod be evicted now? true: yes; *why, when its code is set, is a warning. false: *why says what it
 * waits for. dry_run: nothing may come of it. */
typedef bool (*admission_evicts)(
	void *arg, const char *namespace_, const char *name, bool dry_run, struct err *why);

/* As admission_review. A refusal is 429 TooManyRequests, at which kubectl drain and its like try again. */
int eviction_review(
	const char *body, size_t len, admission_evicts evicts, void *arg, struct buf *out, struct err *e);

#endif
