/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"
#include "text.h"

#include <api/names.h>
#include <errno.h>

static int version_json(struct buf *out)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "version", ESCAPE_VERSION) || json_set_str(j, "api", API_GROUP_VERSION))
		return -ENOMEM;
	return text_add_json(out, j);
}

int version_run(const struct options *o, struct buf *out, struct err *e)
{
	int rc = o->json ? version_json(out)
			 : buf_addf(out, "kubectl-escape %s, API %s\n", ESCAPE_VERSION, API_GROUP_VERSION);

	return rc ? err_set(e, rc, "OutOfMemory", "no memory for the output") : 0;
}
