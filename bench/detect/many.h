/* SPDX-License-Identifier: Apache-2.0 */
/* bench-detect many: what the monitor itself costs in a process that watches many containers. */
#ifndef ESCAPE_BENCH_DETECT_MANY_H
#define ESCAPE_BENCH_DETECT_MANY_H

#include <stdint.h>

int many_main(uint32_t containers, uint32_t seconds);

#endif
