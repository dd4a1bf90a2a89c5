/* SPDX-License-Identifier: Apache-2.0 */
/* An order or a reply as it comes out of the socket, and a log of CRIU. */
#include <stdint.h>
#include <string.h>

#include <base/cleanup.h>

#include "node-agent/runtime/criu.h"
#include "node-agent/runtime/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keeper_order o;
	struct keeper_reply r;
	struct err e;
	auto_free char *log = strndup((const char *)data, size);
	char out[64];

	proto_check_order(data, size, &o, &e);
	proto_check_reply(data, size, &r, &e);
	criu_errors(log, out, sizeof(out));
	return 0;
}
