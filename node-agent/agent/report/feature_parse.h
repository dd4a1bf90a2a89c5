/* SPDX-License-Identifier: Apache-2.0 */
/* What a node's text files and tools say of its features. Pure: text in, a word out; nothing is read here. */
#ifndef ESCAPE_AGENT_FEATURE_PARSE_H
#define ESCAPE_AGENT_FEATURE_PARSE_H

#include <stdbool.h>
#include <stddef.h>

/* From /proc/1/mountinfo: "v2", "hybrid" (v1 controllers beside a v2 hierarchy), "v1"; NULL when no cgroups
 * are mounted. */
const char *feature_cgroups(const char *mountinfo);
/* From /proc/PID/cgroup of a process in a pod: "systemd" (slices) or "cgroupfs"; NULL when it is in no pod.
 */
const char *feature_cgroup_driver(const char *proc_cgroup);
/* From /proc/cpuinfo, the instruction sets that programs may use, as NodeReport.cpuFeatures has them. The
 * kernel's other words there (mitigations, ways to run guests) differ between kernels on one CPU and are left
 * out. -ENOENT when none is named, -ENAMETOOLONG (dst is then "") when they do not fit. */
int feature_cpu(const char *cpuinfo, char *dst, size_t size);
/* Is `word` in the comma-separated list of /sys/kernel/security/lsm? */
bool feature_in_list(const char *list, const char *word);

#endif
