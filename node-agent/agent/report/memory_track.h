/* SPDX-License-Identifier: Apache-2.0 */
/* How this kernel tells which memory was written since a dump; faster dumps need one of the two. Tried on a
 * page of our own. Threads: any. */
#ifndef ESCAPE_AGENT_MEMORY_TRACK_H
#define ESCAPE_AGENT_MEMORY_TRACK_H

/* Soft-dirty bits of /proc/PID/pagemap: 0, -ENOTSUP when the kernel keeps none, else -errno. Clears those of
 * the whole process. */
int memory_soft_dirty(void);
/* ioctl PAGEMAP_SCAN, Linux 6.7: 0, -ENOTTY when the kernel does not know it, else -errno. */
int memory_pagemap_scan(void);

#endif
