/* SPDX-License-Identifier: Apache-2.0 */
#include <bosc/call_names.h>

#include "call_tables.h"

#include <bosc/core.h>

struct call_name call_name(uint32_t code)
{
	if (code < BOSC_32BIT)
		return (struct call_name){code, CALLS_NATIVE[code], ""};
	if (code < BOSC_X32)
		return (struct call_name){code - BOSC_32BIT, CALLS_32BIT[code - BOSC_32BIT], "32-bit"};
	code &= CALL_NUMBERS - 1;
	return (struct call_name){code, CALLS_X32[code], "x32"};
}
