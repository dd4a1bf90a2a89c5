/* SPDX-License-Identifier: Apache-2.0 */
/* What config.c (where to look) and kubeconfig.c (the file format) share. Not for users of lib/kube. */
#ifndef ESCAPE_KUBE_CONFIG_PRIV_H
#define ESCAPE_KUBE_CONFIG_PRIV_H

#include <kube/config.h>
#include <stddef.h>

#define KUBE_CONFIG_MAX (1 << 20)
#define KUBE_TOKEN_MAX (64 << 10)

/* One kubeconfig document. Relative file references are relative to dir; dir NULL refuses file references. */
struct kube_config_source {
	const char *text;
	size_t len;
	const char *dir;
};

/* The first source that defines a name wins, as in client-go. context NULL: the first current-context. */
int kube_config_parse(const struct kube_config_source *sources, size_t count, const char *context,
	struct kube_config *ret, struct err *e);
/* A token file's content without the trailing line break. Caller frees. */
int kube_config_read_token(const char *path, char **ret, struct err *e);
/* Refuses what would send credentials in clear text, and servers that are no URL. Drops trailing slashes. */
int kube_config_check(struct kube_config *c, struct err *e);
int kube_config_copy(const struct kube_config *from, struct kube_config *ret);

#endif
