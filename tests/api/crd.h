/* SPDX-License-Identifier: Apache-2.0 */
/* The CRDs as the tests of this folder read them. */
#ifndef ESCAPE_TESTS_API_CRD_H
#define ESCAPE_TESTS_API_CRD_H

#include "helper.h"

/* crds/<plural>.yaml as a tree; fails the test when it cannot be read. */
struct json *crd_load(const char *plural);
/* openAPIV3Schema of its one version. */
const struct json *schema_of(const struct json *crd);
/* Is s one of the strings of the array? */
bool lists(const struct json *arr, const char *s);

#endif
