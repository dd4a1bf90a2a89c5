/* SPDX-License-Identifier: Apache-2.0 */
/* escape-runc: an OCI runtime that is runc, with a keeper in front of each application container. */
#include <stdio.h>
#include <stdlib.h>

#include <base/cleanup.h>
#include <base/str.h>

#include "node-agent/runtime/args.h"
#include "node-agent/runtime/verbs.h"

static const struct {
	const char *verb;
	int (*run)(const struct runc_args *a);
} verbs[] = {
	{"create", verb_create},
	{"start", verb_start},
	{"exec", verb_exec},
	{"delete", verb_delete},
	{"kill", verb_guarded},
	{"state", verb_guarded},
	{"ps", verb_guarded},
	{"update", verb_guarded},
	{"pause", verb_guarded},
	{"resume", verb_guarded},
};

int main(int argc, char **argv)
{
	struct runc_args a;

	if (argc == 2 && str_eq(argv[1], "--escape-version")) {
		puts("escape-runc " ESCAPE_VERSION);
		return EXIT_SUCCESS;
	}
	args_parse(argc, argv, &a);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (str_eq(a.verb, verbs[i].verb))
			return verbs[i].run(&a);
	}
	return verb_pass(&a);
}
