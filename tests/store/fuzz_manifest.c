/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a manifest: nothing crashes, what is accepted is sorted, and is not authentic by chance. */
#include "lib/store/manifest.h"

#include <base/cleanup.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char key[STORE_KEY_LEN] = "nobody knows this key";
	auto_free struct manifest *m = NULL, *back = NULL;
	auto_free char *text = NULL;

	if (manifest_parse((const char *)data, size, &m, NULL))
		return 0;
	for (size_t i = 1; i < m->n_files; i++)
		if (strcmp(m->files[i - 1].path, m->files[i].path) >= 0)
			abort();
	if (manifest_is_authentic(m, key))
		abort();
	text = manifest_print(m, key);
	if (!text || manifest_parse(text, strlen(text), &back, NULL) || !manifest_is_authentic(back, key))
		abort();
	return 0;
}
