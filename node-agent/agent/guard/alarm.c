/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/alarm.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>
#include <doc/json.h>
#include <errno.h>
#include <string.h>

#define ALARM_FILE_MAX 8192

static const struct field ALARM[] = {
#define STR(k, m)                                                                                            \
	{                                                                                                    \
		.key = (k), .type = FIELD_STRING, .offset = offsetof(struct report_anomaly, m),              \
		.size = sizeof(((struct report_anomaly *)0)->m), .required = true                            \
	}
#define INT(k, m)                                                                                            \
	{                                                                                                    \
		.key = (k), .type = FIELD_INT, .offset = offsetof(struct report_anomaly, m),                 \
		.max = 9007199254740991.0                                                                    \
	}
	STR("id", id),
	STR("namespace", namespace_),
	STR("pod", pod),
	STR("podUID", pod_uid),
	STR("container", container),
	STR("policy", policy),
	STR("detector", detector),
	STR("comm", comm),
	INT("mismatches", mismatches),
	INT("threshold", threshold),
	INT("epoch", epoch),
	INT("detectedMs", detected_ms),
	INT("frozenMs", frozen_ms),
	{.key = NULL},
#undef STR
#undef INT
};

static int alarm_path(char *dst, size_t size, const char *dir, const char *container_id)
{
	return str_fmt(dst, size, "%s/%s/alarm", dir, container_id);
}

int alarm_write(const char *dir, const char *container_id, const struct report_anomaly *a, struct err *e)
{
	auto_json struct json *obj = encode(ALARM, a);
	auto_free char *text = obj ? json_print(obj) : NULL;
	char path[512];
	int rc;

	if (!text)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the alarm file");
	rc = alarm_path(path, sizeof(path), dir, container_id);
	if (!rc)
		rc = io_write_file_atomic(path, text, strlen(text), 0600);
	return rc ? err_set(e, rc, "AlarmFile", "cannot write %s: %s", path, strerror(-rc)) : 0;
}

int alarm_read(const char *dir, const char *container_id, struct report_anomaly *ret, struct err *e)
{
	auto_json struct json *obj = NULL;
	auto_free char *text = NULL;
	struct report_anomaly a = {0};
	char path[512];
	size_t len;
	int rc;

	rc = alarm_path(path, sizeof(path), dir, container_id);
	if (!rc)
		rc = io_read_file(path, ALARM_FILE_MAX, &text, &len);
	if (rc)
		return err_set(e, rc, "AlarmFile", "cannot read %s: %s", path, strerror(-rc));
	rc = json_parse(text, len, ALARM_FILE_MAX, &obj, e);
	if (!rc)
		rc = decode(obj, ALARM, &a, e);
	if (rc)
		return rc;
	*ret = a;
	return 0;
}

int alarm_remove(const char *dir, const char *container_id)
{
	char path[512];
	int rc = alarm_path(path, sizeof(path), dir, container_id);

	if (rc)
		return rc;
	return unlink(path) && errno != ENOENT ? -errno : 0;
}
