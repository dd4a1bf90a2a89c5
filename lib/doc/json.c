/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/str.h>
#include <cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0

/* A struct json is a cJSON item; only this file knows. */
static const cJSON *in(const struct json *j)
{
	return (const cJSON *)j;
}

static cJSON *edit(struct json *j)
{
	return (cJSON *)j;
}

static struct json *out(cJSON *c)
{
	return (struct json *)c;
}

int json_parse(const char *text, size_t len, size_t max, struct json **ret, struct err *e)
{
	if (len > max)
		return err_set(
			e, -EFBIG, "TooLarge", "%zu bytes of JSON, at most %zu are accepted", len, max);

	int r = json_check(text, len, e);

	if (r < 0)
		return r;

	cJSON *c = cJSON_ParseWithLength(text, len);

	/* What has passed the check can only fail for want of memory. */
	if (!c)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu bytes of JSON", len);
	*ret = out(c);
	return 0;
}

void json_free(struct json *j)
{
	cJSON_Delete(edit(j));
}

struct json *json_dup(const struct json *j)
{
	return out(cJSON_Duplicate(in(j), true));
}

bool json_equal(const struct json *a, const struct json *b)
{
	if (!a || !b)
		return a == b;
	return cJSON_Compare(in(a), in(b), true);
}

/* Both kinds of lookup; no copy of the key is made. */
static const struct json *member_n(const struct json *j, const char *key, size_t len)
{
	if (!json_is_obj(j))
		return NULL;
	json_foreach(item, j)
	{
		const char *k = json_key(item);

		if (strncmp(k, key, len) == 0 && k[len] == '\0')
			return item;
	}
	return NULL;
}

const struct json *json_at(const struct json *j, const char *path)
{
	while (j && *path) {
		size_t len = strcspn(path, ".");

		j = member_n(j, path, len);
		path += len + (path[len] == '.');
	}
	return j;
}

const struct json *json_member(const struct json *j, const char *key)
{
	return member_n(j, key, strlen(key));
}

const char *json_str_at(const struct json *j, const char *path, const char *dflt)
{
	const char *s = json_str(json_at(j, path));

	return s ? s : dflt;
}

int64_t json_int_at(const struct json *j, const char *path, int64_t dflt)
{
	const struct json *v = json_at(j, path);
	double n = json_num(v);

	if (!json_is_num(v) || n != trunc(n) || fabs(n) > EXACT_MAX)
		return dflt;
	return (int64_t)n;
}

double json_num_at(const struct json *j, const char *path, double dflt)
{
	const struct json *v = json_at(j, path);

	return json_is_num(v) ? json_num(v) : dflt;
}

bool json_bool_at(const struct json *j, const char *path, bool dflt)
{
	const struct json *v = json_at(j, path);

	return json_is_bool(v) ? cJSON_IsTrue(in(v)) : dflt;
}

bool json_is_obj(const struct json *j)
{
	return cJSON_IsObject(in(j));
}

bool json_is_arr(const struct json *j)
{
	return cJSON_IsArray(in(j));
}

bool json_is_str(const struct json *j)
{
	return cJSON_IsString(in(j));
}

bool json_is_num(const struct json *j)
{
	return cJSON_IsNumber(in(j));
}

bool json_is_bool(const struct json *j)
{
	return cJSON_IsBool(in(j));
}

bool json_is_null(const struct json *j)
{
	return cJSON_IsNull(in(j));
}

const char *json_str(const struct json *j)
{
	return json_is_str(j) ? in(j)->valuestring : NULL;
}

double json_num(const struct json *j)
{
	return json_is_num(j) ? in(j)->valuedouble : 0;
}

size_t json_len(const struct json *j)
{
	size_t n = 0;

	json_foreach(item, j) n++;
	return n;
}

const struct json *json_first(const struct json *j)
{
	return j ? out(in(j)->child) : NULL;
}

const struct json *json_next(const struct json *item)
{
	return item ? out(in(item)->next) : NULL;
}

const char *json_key(const struct json *item)
{
	return item ? in(item)->string : NULL;
}

struct json *json_new_obj(void)
{
	return out(cJSON_CreateObject());
}

struct json *json_new_arr(void)
{
	return out(cJSON_CreateArray());
}

struct json *json_new_str(const char *s)
{
	return out(s ? cJSON_CreateString(s) : cJSON_CreateNull());
}

struct json *json_new_num(double n)
{
	return out(cJSON_CreateNumber(n));
}

struct json *json_new_bool(bool b)
{
	return out(cJSON_CreateBool(b));
}

struct json *json_new_null(void)
{
	return out(cJSON_CreateNull());
}

static int drop(struct json *value, int code)
{
	json_free(value);
	return code;
}

int json_set(struct json *obj, const char *key, struct json *value)
{
	if (!obj || !value)
		return drop(value, -ENOMEM);
	if (!json_is_obj(obj))
		return drop(value, -EINVAL);

	const struct json *old = json_member(obj, key);

	if (!old)
		return cJSON_AddItemToObject(edit(obj), key, edit(value)) ? 0 : drop(value, -ENOMEM);

	/* cJSON's own replace by key does not notice that there was no memory for the key. */
	char *name = strdup(key);

	if (!name)
		return drop(value, -ENOMEM);
	free(edit(value)->string);
	edit(value)->string = name;
	cJSON_ReplaceItemViaPointer(edit(obj), edit((struct json *)(uintptr_t)old), edit(value));
	return 0;
}

int json_add(struct json *arr, struct json *item)
{
	if (!arr || !item)
		return drop(item, -ENOMEM);
	if (!json_is_arr(arr))
		return drop(item, -EINVAL);
	cJSON_AddItemToArray(edit(arr), edit(item));
	return 0;
}

int json_set_str(struct json *obj, const char *key, const char *s)
{
	return json_set(obj, key, json_new_str(s));
}

int json_set_num(struct json *obj, const char *key, double n)
{
	return json_set(obj, key, json_new_num(n));
}

int json_set_bool(struct json *obj, const char *key, bool b)
{
	return json_set(obj, key, json_new_bool(b));
}

struct json *json_edit(struct json *root, const char *path)
{
	return (struct json *)(uintptr_t)json_at(root, path);
}

static struct json *child_obj(struct json *parent, const char *path, size_t len)
{
	struct json *child = (struct json *)(uintptr_t)member_n(parent, path, len);

	if (child)
		return json_is_obj(child) ? child : NULL;

	char *key = strndup(path, len);

	child = key ? json_new_obj() : NULL;

	int r = key ? json_set(parent, key, child) : -ENOMEM;

	free(key);
	return r == 0 ? child : NULL;
}

struct json *json_obj_at(struct json *root, const char *path)
{
	struct json *j = root;

	while (j && *path) {
		size_t len = strcspn(path, ".");

		j = child_obj(j, path, len);
		path += len + (path[len] == '.');
	}
	return j;
}

void json_remove(struct json *obj, const char *key)
{
	if (json_is_obj(obj))
		cJSON_DeleteItemFromObjectCaseSensitive(edit(obj), key);
}
