/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence, for the monitor's own files. */
#ifndef ESCAPE_MONITOR_EVIDENCE_USER_H
#define ESCAPE_MONITOR_EVIDENCE_USER_H

#include "internal.h"

/* Once, before anything is attached. */
int evidence_load(struct monitor_bpf *skel);
/* Of a watch that has its id. */
int evidence_begin(const struct monitor_watch *w, struct err *e);
void evidence_end(const struct monitor_watch *w, uint32_t watch);
/* How many pid namespaces the container's is below ours. */
void evidence_level(const struct monitor_watch *w, uint32_t below);
void evidence_task_copy(struct monitor_task *dst, const struct evidence_task *src);

#endif
