/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes quantities ("250m", "1.5Gi", "2e3") as whole numbers. Pure. */
#ifndef ESCAPE_API_QUANTITY_H
#define ESCAPE_API_QUANTITY_H

#include <stdint.h>

/*
 * The value times scale (1, or 1000 for thousandths), rounded up as Kubernetes does; what does not fit
 * becomes INT64_MAX. Grammar: digits with at most one point, then nothing, one of n u m k M G T P E, Ki Mi Gi
 * Ti Pi Ei, or e/E and a decimal exponent. -EINVAL with *ret untouched for anything else, NULL and negative
 * ones included.
 */
int quantity_parse(const char *s, int64_t scale, int64_t *ret);

#endif
