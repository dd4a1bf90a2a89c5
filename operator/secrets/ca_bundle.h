/* SPDX-License-Identifier: Apache-2.0 */
/* The authority in every webhook of a MutatingWebhookConfiguration: is it there, and the patch that puts it
 * there. Pure. */
#ifndef ESCAPE_OPERATOR_CA_BUNDLE_H
#define ESCAPE_OPERATOR_CA_BUNDLE_H

#include <doc/json.h>

bool ca_bundle_is(const struct json *config, const char *ca_pem);
/* Merge patch with the resourceVersion as precondition (lists are replaced whole). NULL: out of memory. */
struct json *ca_bundle_patch(const struct json *config, const char *ca_pem);

#endif
