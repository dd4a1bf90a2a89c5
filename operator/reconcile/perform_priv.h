/* SPDX-License-Identifier: Apache-2.0 */
/* One plan being carried out; shared by the files of perform only. */
#ifndef ESCAPE_OPERATOR_PERFORM_PRIV_H
#define ESCAPE_OPERATOR_PERFORM_PRIV_H

#include "operator/reconcile/perform.h"

#include <kube/client.h>

struct job {
	struct performer *p;
	struct actions actions;
	size_t at;      /* the action under way */
	unsigned check; /* the next of its needs to look at */
	bool independent;
	int rc; /* the first failure */
	perform_done done;
	void *arg;
	struct escape escape;   /* CREATE_SUCCESSOR: as read afresh */
	struct json *successor; /* CREATE_SUCCESSOR: as built, owned */
};

static inline const struct action *job_action(const struct job *j)
{
	return &j->actions.items[j->at];
}

/* The action under way ended; the next one follows. */
void job_action_done(struct job *j, int rc);
/* Logs and ends the action; e may be NULL (then rc was returned at once). */
void job_action_failed(struct job *j, int rc, const struct err *e);

/* Reads what the action under way needs, from job.check on; then job_act, or the action ends with -EAGAIN. */
void needs_check(struct job *j);
void job_act(struct job *j);
/* Reads the old pod, creates the successor, takes the Escape to Staging. */
void successor_create(struct job *j);

#endif
