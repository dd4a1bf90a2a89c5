/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <kube/config_priv.h>

/* Without a directory, file references are refused: the fuzzer reads nothing from this machine. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kube_config_source source = {.text = (const char *)data, .len = size};
	struct kube_config c = {0};
	struct err e;

	if (kube_config_parse(&source, 1, NULL, &c, &e) == 0)
		kube_config_free(&c);
	return 0;
}
