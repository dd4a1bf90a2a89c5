/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bags of system calls in user space: the database of normal behaviour (bag -> frequency) and the method of
 * the paper over a recorded stream, call by call. It is the reference that the BPF program must agree with,
 * and what replays data sets. No I/O. Not thread-safe: one owner.
 */
#ifndef ESCAPE_BOSC_BOSC_H
#define ESCAPE_BOSC_BOSC_H

#include <bosc/core.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bosc_db;

int bosc_db_new(struct bosc_db **ret);
void bosc_db_free(struct bosc_db *db);
/* Frequency + 1; a new bag begins with 1. *ret_new (may be NULL) says which. -ENOMEM leaves the database as
 * it was. */
int bosc_db_add(struct bosc_db *db, uint64_t bag, bool *ret_new);
/* The same, with the number of the epoch under way: *ret_known says whether the bag was there before it. */
int bosc_db_learn(struct bosc_db *db, uint64_t bag, uint32_t epoch, bool *ret_known);
/* A bag with its frequency, for a database that is read back; 0 is -EINVAL. */
int bosc_db_put(struct bosc_db *db, uint64_t bag, uint64_t frequency);
uint64_t bosc_db_frequency(const struct bosc_db *db, uint64_t bag); /* 0: not known */
size_t bosc_db_size(const struct bosc_db *db);
/* All bags, ascending. Caller frees; NULL and 0 for an empty database. */
int bosc_db_bags(const struct bosc_db *db, uint64_t **ret, size_t *ret_n);

/* One container whose calls are fed in the order in which they happened. */
struct bosc_replay;

struct bosc_replay_result {
	uint64_t calls, epochs, quiet_epochs, mismatches;
	uint64_t worst_epoch; /* most mismatches that one epoch had, the last incomplete one included */
};

/* -EINVAL for parameters out of range. db is borrowed. */
int bosc_replay_new(const struct bosc_params *p, struct bosc_db *db, bool learn, struct bosc_replay **ret);
void bosc_replay_free(struct bosc_replay *r);
/* 1 when this call made its epoch anomalous (once until restart), else 0 or -errno. */
int bosc_replay_call(struct bosc_replay *r, uint32_t task, uint64_t nr);
/* Each task begins a fresh window; the epoch goes on. */
void bosc_replay_pause(struct bosc_replay *r);
/* New epoch, windows forgotten, verdicts possible again. */
void bosc_replay_restart(struct bosc_replay *r);
void bosc_replay_result(const struct bosc_replay *r, struct bosc_replay_result *ret);

#endif
