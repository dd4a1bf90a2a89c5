/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BehaviorProfile: the normal behaviour of one container of one workload, bound to an image. Bags are carried
 * as base64 of little-endian u64 bag hashes in ascending order (lib/bosc/bosc.h), at most PROFILE_BAGS_MAX.
 * A profile of the Fused detector also has the bitmaps of lib/bosc/graded.h and thresholds.
 */
#ifndef ESCAPE_API_PROFILE_H
#define ESCAPE_API_PROFILE_H

#include <api/names.h>
#include <doc/decode.h>

#define PROFILE_BAGS_MAX 24000 /* 187 KiB, 250 KiB as base64 */
#define PROFILE_WORDS 4096     /* of each bitmap; at most 53 KiB as base64 */

enum profile_state { PROFILE_LEARNING, PROFILE_READY, PROFILE_STALE };
extern const char *const PROFILE_STATE_NAMES[];

struct profile {
	char namespace_[API_LABEL_MAX];
	char name[API_NAME_MAX];
	char resource_version[32];
	char policy[API_NAME_MAX];
	char workload[API_NAME_MAX]; /* name of the top owner, or of the bare pod */
	char container[API_LABEL_MAX];
	char image[256]; /* image id (digest) */
	int64_t window_size;
	enum profile_state state;
	int64_t epochs;
	uint64_t *bags; /* ascending, owned */
	size_t n_bags;
	/* Fused: all of these, or pairs is NULL. Bitmaps of PROFILE_WORDS words, owned. */
	uint64_t *pairs, *triples;
	int64_t epoch_size; /* that the thresholds are for */
	int64_t graded_threshold, bosc_threshold;
};

/* Table of .spec without bags, for the test that holds it against the CRD. */
extern const struct field PROFILE_SPEC_FIELDS[];
int profile_decode(const struct json *obj, struct profile *ret, struct err *e);
struct json *profile_encode(const struct profile *p); /* whole object for create or apply; caller frees */
void profile_free(struct profile *p);
/* "<workload>-<container>-<8 hex of image and window>", shortened to a valid name. */
int profile_name(char dst[static API_NAME_MAX], const char *workload, const char *container,
	const char *image, int64_t window_size);

#endif
