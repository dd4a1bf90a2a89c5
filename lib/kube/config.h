/* SPDX-License-Identifier: Apache-2.0 */
/* Where the API server is and how to prove who we are: in-cluster (service account) or a kubeconfig file. */
#ifndef ESCAPE_KUBE_CONFIG_H
#define ESCAPE_KUBE_CONFIG_H

#include <base/err.h>

struct kube_config {
	char *server; /* "https://10.88.0.1:6443", no trailing slash */
	char *ca_pem; /* NULL: system store */
	char *cert_pem, *key_pem;
	char *token;      /* bearer token, or NULL */
	char *token_path; /* in-cluster: re-read when it rotates (at most once a minute); or NULL */
	char *namespace_; /* the pod's own, or the context's; "default" when unknown */
};

/* KUBERNETES_SERVICE_HOST and the mounted service account under `root` (NULL:
 * /var/run/secrets/kubernetes.io/serviceaccount). */
int kube_config_in_cluster(const char *root, struct kube_config *ret, struct err *e);
/* path NULL: $KUBECONFIG, then ~/.kube/config. context NULL: current-context. Inline data and file references
 * are read; exec and auth-provider plugins are refused with a reason that names them. */
int kube_config_load(const char *path, const char *context, struct kube_config *ret, struct err *e);
/* The two in the order of client-go: an explicit path, else in-cluster, else the default kubeconfig. */
int kube_config_auto(const char *path, struct kube_config *ret, struct err *e);
void kube_config_free(struct kube_config *c);

#endif
