/* SPDX-License-Identifier: Apache-2.0 */
/* Names by number, for call_names.c alone; NULL where there is none. */
#ifndef ESCAPE_BOSC_CALL_TABLES_H
#define ESCAPE_BOSC_CALL_TABLES_H

#define CALL_NUMBERS 1024

extern const char *const CALLS_NATIVE[CALL_NUMBERS], *const CALLS_32BIT[CALL_NUMBERS],
							     *const CALLS_X32[CALL_NUMBERS];

#endif
