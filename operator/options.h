/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of escape-operator. Strings are borrowed from argv, the environment or static. */
#ifndef ESCAPE_OPERATOR_OPTIONS_H
#define ESCAPE_OPERATOR_OPTIONS_H

#include "operator/foreign/accept.h"
#include "operator/plan/config.h"

#include <base/log.h>
#include <stdbool.h>

struct options {
	const char *kubeconfig; /* NULL: in-cluster, else the default */
	const char *namespace_; /* NULL: that of the kubeconfig */
	const char *identity;
	const char *service;
	const char *address;
	bool alerts;
	int alerts_port;
	struct foreign_thresholds thresholds;
	int http_port, webhook_port;
	bool webhook;
	enum log_level log_level;
	struct plan_config plan;
};

/* Exits with a message for --help, --version and what is wrong. */
void options_parse(int argc, char **argv, struct options *ret);

#endif
