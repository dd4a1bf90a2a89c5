/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/status.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

struct meaning {
	int http;
	int code;
	const char *reason; /* when the answer gives none */
};

static const struct meaning MEANINGS[] = {
	{400, -EINVAL, "BadRequest"},
	{401, -EACCES, "Unauthorized"},
	{403, -EACCES, "Forbidden"},
	{404, -ENOENT, "NotFound"},
	{405, -EOPNOTSUPP, "MethodNotAllowed"},
	{408, -ETIMEDOUT, "Timeout"},
	{409, -EAGAIN, "Conflict"},
	{410, -ESTALE, "Gone"},
	{413, -EMSGSIZE, "RequestEntityTooLarge"},
	{415, -EINVAL, "UnsupportedMediaType"},
	{422, -EINVAL, "Invalid"},
	{429, -EBUSY, "TooManyRequests"},
	{503, -EBUSY, "ServiceUnavailable"},
	{504, -ETIMEDOUT, "Timeout"},
};

int kube_status_error(int http_status, const struct json *status_object, struct err *e)
{
	const char *reason = json_str_at(status_object, "reason", "");
	const char *message = json_str_at(status_object, "message", "");
	int code = -EIO;

	for (size_t i = 0; i < ARRAY_LEN(MEANINGS); i++) {
		if (MEANINGS[i].http != http_status)
			continue;
		code = MEANINGS[i].code;
		if (!*reason)
			reason = MEANINGS[i].reason;
	}
	if (http_status == 409 && str_eq(reason, "AlreadyExists"))
		code = -EEXIST;
	if (!*reason)
		reason = "ServerError";
	if (!*message)
		return err_set(e, code, reason, "the API server answered HTTP %d", http_status);
	return err_set(e, code, reason, "%s", message);
}
