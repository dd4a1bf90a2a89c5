/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and queries of the API server, escaped. Pure; not for users of lib/kube, who name kinds by struct
 * kube_resource.
 */
#ifndef ESCAPE_KUBE_RESOURCE_H
#define ESCAPE_KUBE_RESOURCE_H

#include <base/buf.h>
#include <kube/client.h>

#define KUBE_PATH_MAX 16384

/* "/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUB"; name and sub may be NULL. -EINVAL for names that are
 * no path component. */
int kube_path_add(struct buf *b, const struct kube_resource *r, const char *namespace_, const char *name,
	const char *sub);
/* "?key=value" or "&key=value", escaped; a NULL value adds nothing. */
int kube_query_add(struct buf *b, const char *key, const char *value);

#endif
