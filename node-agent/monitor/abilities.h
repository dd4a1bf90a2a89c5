/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kinds of eBPF programs and maps this kernel really takes: each is loaded, attached where that can be
 * refused separately, and let go. Nothing of it depends on what the monitor itself uses. Blocks for up to
 * some hundred milliseconds: for a pool thread.
 */
#ifndef ESCAPE_MONITOR_ABILITIES_H
#define ESCAPE_MONITOR_ABILITIES_H

#include <stddef.h>

#define MONITOR_ABILITIES 8

struct monitor_ability {
	const char *name; /* static; btf, bpfRingbuf, ... as NodeReport.status.features has them */
	int error;        /* 0: it works, else -errno */
};

/* Fills all MONITOR_ABILITIES. */
void monitor_abilities(struct monitor_ability ret[static MONITOR_ABILITIES]);

#endif
