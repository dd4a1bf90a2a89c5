/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/calls.h"

#include <base/str.h>
#include <bosc/call_names.h>

void call_fill(struct report_call *ret, uint32_t code)
{
	struct call_name n = call_name(code);

	*ret = (struct report_call){.number = n.number};
	if (n.name)
		str_fmt(ret->name, sizeof(ret->name), *n.kind ? "%s (%s)" : "%s", n.name, n.kind);
	else if (*n.kind)
		str_fmt(ret->name, sizeof(ret->name), "%u (%s)", n.number, n.kind);
}
