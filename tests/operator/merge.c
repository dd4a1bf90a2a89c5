/* SPDX-License-Identifier: Apache-2.0 */
#include "merge.h"

#include <stdlib.h>

static void member_apply(struct json *target, const struct json *item)
{
	const char *key = json_key(item);
	struct json *made;

	if (json_is_null(item)) {
		json_remove(target, key);
		return;
	}
	if (!json_is_obj(item)) {
		if (json_set(target, key, json_dup(item)))
			abort();
		return;
	}
	made = json_is_obj(json_member(target, key)) ? json_dup(json_member(target, key)) : json_new_obj();
	merge_apply(made, item);
	if (json_set(target, key, made))
		abort();
}

void merge_apply(struct json *target, const struct json *patch)
{
	json_foreach(item, patch)
	{
		member_apply(target, item);
	}
}
