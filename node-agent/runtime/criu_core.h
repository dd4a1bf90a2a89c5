/* SPDX-License-Identifier: Apache-2.0 */
/* The one thing to be read in CRIU's images: whether a process was stopped (SIGSTOP) when it was dumped.
 * Pure. */
#ifndef ESCAPE_RUNTIME_CRIU_CORE_H
#define ESCAPE_RUNTIME_CRIU_CORE_H

#include <stdbool.h>
#include <stddef.h>

#define CRIU_CORE_MAX (4u << 20)

/* Of the contents of core-PID.img (criu.org/Images). False also for what is no such image. */
bool criu_core_is_stopped(const void *image, size_t len);

#endif
