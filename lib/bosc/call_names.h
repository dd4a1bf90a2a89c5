/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person calls a system call. The tables are made from the kernel's headers when this is built, for
 * the machine it is built for; nothing is ever decided by a name.
 */
#ifndef ESCAPE_BOSC_CALL_NAMES_H
#define ESCAPE_BOSC_CALL_NAMES_H

#include <stdint.h>

struct call_name {
	uint32_t number;  /* of its own kind */
	const char *name; /* static; NULL: a number without a name */
	const char *kind; /* "", "32-bit" or "x32" */
};

/* Of a code (core.h). */
struct call_name call_name(uint32_t code);

#endif
