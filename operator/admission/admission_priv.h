/* SPDX-License-Identifier: Apache-2.0 */
/* The envelope of an AdmissionReview, shared by the two reviews. */
#ifndef ESCAPE_OPERATOR_ADMISSION_PRIV_H
#define ESCAPE_OPERATOR_ADMISSION_PRIV_H

#include "operator/admission/admission.h"

/* Adds to a response that allows; nonzero: memory is out. */
typedef int (*admission_respond)(void *arg, struct json *response, const struct json *request);
int admission_answer(
	const char *body, size_t len, admission_respond respond, void *arg, struct buf *out, struct err *e);
/* The one warning of the response. */
int admission_warn(struct json *response, const char *text);

#endif
