/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/alarm.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/io.h>
#include <base/str.h>
#include <doc/json.h>
#include <errno.h>
#include <string.h>

#define ALARM_FILE_MAX 65536

static int alarm_path(char *dst, size_t size, const char *dir, const char *container_id)
{
	return str_fmt(dst, size, "%s/%s/alarm", dir, container_id);
}

int alarm_write(const char *dir, const char *container_id, const struct report_anomaly *a, struct err *e)
{
	auto_json struct json *obj = encode(REPORT_ANOMALY_FIELDS, a);
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
	auto_free struct report_anomaly *a = calloc(1, sizeof(*a));
	char path[512];
	size_t len;
	int rc;

	if (!a)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the alarm file");
	rc = alarm_path(path, sizeof(path), dir, container_id);
	if (!rc)
		rc = io_read_file(path, ALARM_FILE_MAX, &text, &len);
	if (rc)
		return err_set(e, rc, "AlarmFile", "cannot read %s: %s", path, strerror(-rc));
	rc = json_parse(text, len, ALARM_FILE_MAX, &obj, e);
	if (!rc)
		rc = decode(obj, REPORT_ANOMALY_FIELDS, a, e);
	if (rc)
		return rc;
	*ret = *a;
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
