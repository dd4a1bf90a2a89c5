/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep over the allocations of a piece of code: it runs again and again, each time the next allocation
 * fails, until none does. Nothing may crash and nothing may leak on any of these ways. Replaces malloc in the
 * program it is linked into, so not for sanitizers that do the same: OOM_CAN_SWEEP is then 0 and the test
 * exits 77.
 */
#ifndef ESCAPE_TESTS_OOM_H
#define ESCAPE_TESTS_OOM_H

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OOM_CAN_SWEEP 0
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OOM_CAN_SWEEP 0
#endif
#ifndef OOM_CAN_SWEEP
#define OOM_CAN_SWEEP 1
#endif

/* body: 0 or -errno, and cleans up behind itself. How many ways were tried. */
int oom_sweep(int (*body)(void));

#endif
