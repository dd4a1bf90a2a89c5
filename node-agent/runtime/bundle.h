/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What escape-runc wants to know of an OCI bundle's config.json, and the two things it changes in it. The
 * spec comes from the container engine, its annotations from whoever made the pod. Pure but for bundle_load
 * and bundle_store.
 */
#ifndef ESCAPE_RUNTIME_BUNDLE_H
#define ESCAPE_RUNTIME_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <base/err.h>

#include "node-agent/runtime/creds.h"

#define BUNDLE_CONFIG_MAX (8u << 20)

struct bundle {
	char *path;   /* absolute */
	char *rootfs; /* absolute */
	char *text;   /* config.json as it was read */
	size_t len;
	char **mounts; /* destinations */
	size_t mount_count;
	bool sandbox;
	bool terminal;
	struct creds_spec creds;
	/* All of these are "" for a container that no Kubernetes made. */
	char pod_namespace[64], pod_name[256], pod_uid[64], sandbox_id[80];
	char container[64], image[256];
	char escape[256];
};

/* The process that `pid` stands for: itself, or the real init when `pid` is a keeper's. 0: it is one, but
 * there is no init. */
typedef pid_t (*bundle_real_pid)(pid_t pid, void *ctx);

/* Reads dir/config.json. dir may be relative, NULL is the working directory. */
int bundle_load(const char *dir, struct bundle *ret, struct err *e);
/* The same from memory; `path` must be absolute. Takes a copy of text. */
int bundle_parse(const char *path, const char *text, size_t len, struct bundle *ret, struct err *e);
/* config.json with annotation org.criu.config naming criu_conf, and with each /proc/PID/ns/... of a keeper
 * replaced. */
int bundle_rewrite(const struct bundle *b, const char *criu_conf, bundle_real_pid real_pid, void *ctx,
	char **ret, size_t *ret_len, struct err *e);
int bundle_store(const struct bundle *b, const char *text, size_t len, struct err *e);
void bundle_free(struct bundle *b);

#endif
