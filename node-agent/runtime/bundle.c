/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/bundle.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>

#include "node-agent/runtime/keeper_proto.h"
#include "node-agent/runtime/splice.h"

#define CRIU_ANNOTATION "org.criu.config"

static void cleanup_json(json_t **j)
{
	json_decref(*j);
}
#define auto_json __attribute__((cleanup(cleanup_json)))

/* Annotations that say who the container is: containerd's name for it, then CRI-O's. */
static const struct {
	size_t offset, size;
	const char *keys[2];
} identity[] = {
#define ID(field, a, b)                                                                                      \
	{                                                                                                    \
		offsetof(struct bundle, field), sizeof(((struct bundle *)0)->field),                         \
		{                                                                                            \
			a, b                                                                                 \
		}                                                                                            \
	}
	ID(pod_namespace, "io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"),
	ID(pod_name, "io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"),
	ID(pod_uid, "io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid"),
	ID(sandbox_id, "io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID"),
	ID(container, "io.kubernetes.cri.container-name", "io.kubernetes.container.name"),
	ID(image, "io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"),
	ID(escape, KEEPER_HOLD_ANNOTATION, NULL),
#undef ID
};

static const char *annotation(json_t *annotations, const char *key)
{
	return key ? json_string_value(json_object_get(annotations, key)) : NULL;
}

static int read_identity(json_t *annotations, struct bundle *b, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(identity); i++) {
		const char *value = annotation(annotations, identity[i].keys[0]);
		if (!value)
			value = annotation(annotations, identity[i].keys[1]);
		if (str_copy((char *)b + identity[i].offset, identity[i].size, value))
			return err_set(e, -EINVAL, "BadSpec", "annotation %s is longer than %zu bytes",
				identity[i].keys[0], identity[i].size - 1);
	}
	if (*b->pod_uid && !str_is_component(b->pod_uid))
		return err_set(e, -EINVAL, "BadSpec", "annotation %s is no pod UID", identity[2].keys[0]);
	return 0;
}

static bool is_sandbox(json_t *annotations)
{
	return str_eq(annotation(annotations, "io.kubernetes.cri.container-type"), "sandbox") ||
	       str_eq(annotation(annotations, "io.kubernetes.cri-o.ContainerType"), "sandbox");
}

static int read_mounts(json_t *mounts, struct bundle *b, struct err *e)
{
	b->mounts = calloc(json_array_size(mounts) + 1, sizeof(*b->mounts));
	if (!b->mounts)
		return err_set(e, -ENOMEM, "OutOfMemory", "out of memory");
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const char *to = json_string_value(json_object_get(json_array_get(mounts, i), "destination"));
		if (!to || !*to)
			return err_set(e, -EINVAL, "BadSpec", "%s/config.json: mount %zu has no destination",
				b->path, i);
		b->mounts[b->mount_count] = strdup(to);
		if (!b->mounts[b->mount_count++])
			return err_set(e, -ENOMEM, "OutOfMemory", "out of memory");
	}
	return 0;
}

static int read_spec(json_t *spec, struct bundle *b, struct err *e)
{
	json_t *annotations = json_object_get(spec, "annotations");
	const char *root = json_string_value(json_object_get(json_object_get(spec, "root"), "path"));

	if (!json_is_object(spec) || !root || !*root)
		return err_set(e, -EINVAL, "BadSpec", "%s/config.json has no root.path", b->path);
	b->rootfs = *root == '/' ? strdup(root) : str_dup_fmt("%s/%s", b->path, root);
	if (!b->rootfs)
		return err_set(e, -ENOMEM, "OutOfMemory", "out of memory");
	b->terminal = json_is_true(json_object_get(json_object_get(spec, "process"), "terminal"));
	b->sandbox = is_sandbox(annotations);
	int r = read_mounts(json_object_get(spec, "mounts"), b, e);
	if (!r)
		r = read_identity(annotations, b, e);
	return r ? r : creds_spec_read(spec, &b->creds, e);
}

static json_t *parse_json(const char *text, size_t len, const char *path, struct err *e)
{
	json_error_t why = {.line = 1, .text = "a NUL byte"};
	/* Limits of 2^64-1 do not fit a signed integer; ids fit a double. */
	const size_t flags = JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES;
	/* jansson passes over a NUL between values, where a C string ends. */
	json_t *spec = memchr(text, 0, len) ? NULL : json_loadb(text, len, flags, &why);

	if (!spec)
		err_set(e, -EINVAL, "BadSpec", "%s/config.json, line %d: %s", path, why.line, why.text);
	return spec;
}

int bundle_parse(const char *path, const char *text, size_t len, struct bundle *ret, struct err *e)
{
	struct bundle b = {.path = strdup(path), .text = malloc(len + 1), .len = len};
	int r;

	if (!b.path || !b.text) {
		bundle_free(&b);
		return err_set(e, -ENOMEM, "OutOfMemory", "out of memory");
	}
	memcpy(b.text, text, len);
	b.text[len] = 0;
	auto_json json_t *spec = parse_json(text, len, path, e);
	r = spec ? read_spec(spec, &b, e) : -EINVAL;
	if (r)
		bundle_free(&b);
	else
		*ret = b;
	return r;
}

int bundle_load(const char *dir, struct bundle *ret, struct err *e)
{
	auto_free char *path = realpath(dir ? dir : ".", NULL);
	auto_free char *file = path ? str_dup_fmt("%s/config.json", path) : NULL;
	auto_free char *text = NULL;
	size_t len;

	if (!file)
		return err_set(e, -errno, "BadBundle", "bundle %s: %s", dir ? dir : ".", strerror(errno));
	int r = io_read_file(file, BUNDLE_CONFIG_MAX, &text, &len);
	if (r)
		return err_set(e, r, "BadBundle", "%s: %s", file, strerror(-r));
	return bundle_parse(path, text, len, ret, e);
}

/* "/proc/PID/ns/NAME" with its quotes; returns the PID and the rest from "/ns/" on, without the quote. */
static pid_t namespace_pid(const char *value, const char **ret_rest, int *ret_len)
{
	char *end;

	if (!str_starts(value, "\"/proc/") || value[7] < '1' || value[7] > '9')
		return 0;
	long pid = strtol(value + 7, &end, 10);
	if (!str_starts(end, "/ns/") || pid > INT_MAX)
		return 0;
	*ret_rest = end;
	*ret_len = (int)strcspn(end, "\"\\");
	return end[*ret_len] == '"' ? (pid_t)pid : 0;
}

static int rewrite_namespace(
	struct splice *s, const char *path, bundle_real_pid real_pid, void *ctx, struct err *e)
{
	const char *rest;
	int len;
	pid_t pid = path ? namespace_pid(path, &rest, &len) : 0;

	if (!pid)
		return 0;
	pid_t real = real_pid(pid, ctx);
	if (real == pid)
		return 0;
	if (real <= 0)
		return err_set(
			e, -ESRCH, "NoTarget", "the container whose namespace is to be joined does not run");
	auto_free char *json = str_dup_fmt("\"/proc/%d%.*s\"", real, len, rest);
	return json ? splice_replace(s, path, json) : -ENOMEM;
}

static int rewrite_namespaces(struct splice *s, bundle_real_pid real_pid, void *ctx, struct err *e)
{
	const char *list = splice_member(splice_member(s->text, "linux"), "namespaces");

	if (!list || *list != '[')
		return 0;
	for (const char *ns = splice_first(list); ns; ns = splice_next(ns)) {
		int r = rewrite_namespace(s, splice_member(ns, "path"), real_pid, ctx, e);
		if (r)
			return r;
	}
	return 0;
}

static int rewrite_annotation(struct splice *s, const char *criu_conf)
{
	const char *annotations = splice_member(s->text, "annotations");
	const char *present = splice_member(annotations, CRIU_ANNOTATION);
	auto_free char *value = str_dup_fmt("\"%s\"", criu_conf);
	auto_free char *object = str_dup_fmt("{\"" CRIU_ANNOTATION "\":\"%s\"}", criu_conf);

	if (!value || !object)
		return -ENOMEM;
	if (present)
		return splice_replace(s, present, value);
	if (annotations && *annotations == '{')
		return splice_add_member(s, annotations, CRIU_ANNOTATION, value);
	if (annotations)
		return splice_replace(s, annotations, object);
	return splice_add_member(s, s->text, "annotations", object);
}

int bundle_rewrite(const struct bundle *b, const char *criu_conf, bundle_real_pid real_pid, void *ctx,
	char **ret, size_t *ret_len, struct err *e)
{
	struct splice s = {.text = b->text + strspn(b->text, " \t\r\n")};
	int r = rewrite_annotation(&s, criu_conf);

	if (!r)
		r = rewrite_namespaces(&s, real_pid, ctx, e);
	else
		err_set(e, r, "BadSpec", "%s/config.json cannot be changed: %s", b->path, strerror(-r));
	char *text = r ? NULL : splice_apply(&s, ret_len);
	splice_free(&s);
	if (r)
		return r;
	if (!text)
		return err_set(e, -ENOMEM, "OutOfMemory", "out of memory");
	*ret = text;
	return 0;
}

int bundle_store(const struct bundle *b, const char *text, size_t len, struct err *e)
{
	auto_free char *file = str_dup_fmt("%s/config.json", b->path);
	struct stat st;

	if (!file)
		return err_set(e, -ENOMEM, "OutOfMemory", "out of memory");
	if (stat(file, &st))
		return err_set(e, -errno, "BadBundle", "%s: %s", file, strerror(errno));
	int r = io_write_file_atomic(file, text, len, st.st_mode & 0777);
	if (!r && chown(file, st.st_uid, st.st_gid))
		r = -errno;
	return r ? err_set(e, r, "BadBundle", "%s cannot be written: %s", file, strerror(-r)) : 0;
}

void bundle_free(struct bundle *b)
{
	if (!b)
		return;
	free(b->path);
	free(b->rootfs);
	free(b->text);
	for (size_t i = 0; i < b->mount_count; i++)
		free(b->mounts[i]);
	free(b->mounts);
	creds_spec_free(&b->creds);
	*b = (struct bundle){0};
}
