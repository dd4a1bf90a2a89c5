/* SPDX-License-Identifier: Apache-2.0 */
/* metav1.LabelSelector: decoded once, matched against a pod's labels. Pure. An empty selector matches every
 * pod. */
#ifndef ESCAPE_API_SELECTOR_H
#define ESCAPE_API_SELECTOR_H

#include <doc/json.h>

#define SELECTOR_REQS_MAX 16
#define SELECTOR_VALUES_MAX 16

enum selector_op { SELECTOR_IN, SELECTOR_NOT_IN, SELECTOR_EXISTS, SELECTOR_NOT_EXISTS };

struct selector_req {
	char key[320]; /* prefix/name */
	enum selector_op op;
	char values[SELECTOR_VALUES_MAX][64];
	size_t n_values;
};

struct selector {
	struct selector_req reqs[SELECTOR_REQS_MAX];
	size_t n_reqs;
};

int selector_decode(const struct json *obj, struct selector *ret, struct err *e);
/* labels: the object metadata.labels, may be NULL. */
bool selector_matches(const struct selector *s, const struct json *labels);

#endif
