/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <http/ws_target.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *url = malloc(size + 1);
	struct ws_target t = {0};

	if (!url)
		return 0;
	if (size)
		memcpy(url, data, size);
	url[size] = 0;
	/* What is accepted goes into a request line and a Host header. */
	if (ws_target_parse(url, &t, NULL) == 0 &&
		(strpbrk(t.path, "\r\n ") || strpbrk(t.host, "\r\n ") || !t.port))
		abort();
	ws_target_free(&t);
	free(url);
	return 0;
}
