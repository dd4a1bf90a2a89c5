/* SPDX-License-Identifier: Apache-2.0 */
#include <api/names.h>

#define OURS(plural_, kind_, namespaced_)                                                                    \
	{                                                                                                    \
		.group = API_GROUP, .version = API_VERSION, .plural = plural_, .kind = kind_,                \
		.namespaced = namespaced_                                                                    \
	}

const struct kube_resource API_POLICIES = OURS("escapepolicies", "EscapePolicy", true);
const struct kube_resource API_PROFILES = OURS("behaviorprofiles", "BehaviorProfile", true);
const struct kube_resource API_REPORTS = OURS("nodereports", "NodeReport", false);
const struct kube_resource API_ESCAPES = OURS("escapes", "Escape", true);
const struct kube_resource API_VERDICTS = OURS("nodeverdicts", "NodeVerdict", false);
