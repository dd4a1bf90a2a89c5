/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BehaviorProfile: the normal behaviour of one container of one workload, bound to an image. What was learned
 * is carried as text (ascending.h): the bags as the keys of lib/bosc/core.h; of the Fused detector also the
 * pairs, each with the number of tasks that showed it, and the bits of the triples (lib/bosc/graded.h). The
 * whole object is at most PROFILE_BYTES_MAX.
 */
#ifndef ESCAPE_API_PROFILE_H
#define ESCAPE_API_PROFILE_H

#include <api/names.h>
#include <api/report.h>
#include <doc/decode.h>

#define PROFILE_BAGS_MAX 50000
#define PROFILE_BAG_BITS 38
#define PROFILE_PAIRS 262144 /* numbers of pairs are below it */
#define PROFILE_WORDS 4096   /* of the triples' bitmap */
#define PROFILE_BYTES_MAX (256 * 1024)

enum profile_state { PROFILE_LEARNING, PROFILE_HELD, PROFILE_READY, PROFILE_STALE };
extern const char *const PROFILE_STATE_NAMES[];

/* Why learning does not go on by itself. */
struct profile_held {
	char reason[64]; /* CamelCase; "": nothing holds it */
	char message[256];
	char pod[API_NAME_MAX];
	char node[API_NAME_MAX];
	int64_t at_ms;                                       /* wall */
	int64_t score_percent;                               /* of what an epoch may have */
	struct report_finding findings[REPORT_FINDINGS_MAX]; /* what the epoch had that was not known */
	size_t n_findings;
};

struct profile {
	char namespace_[API_LABEL_MAX];
	char name[API_NAME_MAX];
	char resource_version[32];
	char policy[API_NAME_MAX];
	char workload[API_NAME_MAX]; /* name of the top owner, or of the bare pod */
	char container[API_LABEL_MAX];
	char image[256]; /* its digest, as the pod's status has it */
	int64_t window_size;
	enum profile_state state;
	struct profile_held held; /* state Held: has a reason */
	/* Of the learning, over all replicas. */
	int64_t epochs;
	int64_t quiet; /* epochs in a row, up to now, that brought no new bag */
	int64_t learned_percent;
	int64_t seconds_left; /* an estimate; 0: none, or done */
	uint64_t *bags;       /* ascending, below 2^PROFILE_BAG_BITS, owned */
	size_t n_bags;
	/* Fused only; all of it is there when triples is not NULL. */
	int64_t epoch_size; /* that the thresholds are for */
	int64_t tasks;      /* that were learned, */
	int64_t scored;     /* and epochs that the thresholds come from */
	uint64_t *pairs;    /* ascending, owned */
	uint32_t *tasks_of; /* of each pair, from 1 on; owned */
	size_t n_pairs;
	uint64_t *triples;                        /* PROFILE_WORDS words, owned */
	int64_t graded_threshold, bosc_threshold; /* 0: too little was learned */
};

/* Table of .spec without what ascending.h codes, for the test that holds it against the CRD. */
extern const struct field PROFILE_SPEC_FIELDS[];
int profile_decode(const struct json *obj, struct profile *ret, struct err *e);
/* The same without what was learned (no bags, pairs and triples): cheap. Nothing to be freed. */
int profile_decode_head(const struct json *obj, struct profile *ret, struct err *e);
/*
 * The whole object, for a create or, with its resource_version as the precondition, for a merge patch; caller
 * frees *ret. -E2BIG, ProfileFull: more than PROFILE_BAGS_MAX or PROFILE_BYTES_MAX.
 */
int profile_encode(const struct profile *p, struct json **ret, struct err *e);
void profile_free(struct profile *p);
/* "<workload>-<container>-<8 hex of image, window and epoch>", shortened to a valid name. epoch_size 0: BoSC.
 */
int profile_name(char dst[static API_NAME_MAX], const char *workload, const char *container,
	const char *image, int64_t window_size, int64_t epoch_size);

#endif
