/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer of the API server means: HTTP status and metav1.Status to a struct err. Pure. */
#ifndef ESCAPE_KUBE_STATUS_H
#define ESCAPE_KUBE_STATUS_H

#include <base/err.h>
#include <doc/json.h>

/* Fills *e for a status outside 2xx and returns its code; status_object may be NULL or anything. */
int kube_status_error(int http_status, const struct json *status_object, struct err *e);

#endif
