/* SPDX-License-Identifier: Apache-2.0 */
#include <bosc/bosc.h>

#include <errno.h>
#include <stdlib.h>

#define DB_FIRST_SLOTS 256

struct slot {
	uint64_t bag;
	uint64_t frequency; /* 0: empty */
	uint32_t epoch;     /* that brought it */
};

/* Open addressing with linear probing: bags are sums of mixed marks, so their low bits are as good as a hash.
 */
struct bosc_db {
	struct slot *slots;
	size_t n_slots; /* a power of two, at most half full */
	size_t n;
};

static struct slot *slot_find(struct slot *slots, size_t n_slots, uint64_t bag)
{
	size_t i = bag & (n_slots - 1);

	while (slots[i].frequency && slots[i].bag != bag)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

int bosc_db_new(struct bosc_db **ret)
{
	struct bosc_db *db = calloc(1, sizeof(*db));

	if (!db)
		return -ENOMEM;
	db->slots = calloc(DB_FIRST_SLOTS, sizeof(*db->slots));
	if (!db->slots) {
		free(db);
		return -ENOMEM;
	}
	db->n_slots = DB_FIRST_SLOTS;
	*ret = db;
	return 0;
}

void bosc_db_free(struct bosc_db *db)
{
	if (!db)
		return;
	free(db->slots);
	free(db);
}

static int db_grow(struct bosc_db *db)
{
	size_t n = db->n_slots * 2;
	struct slot *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < db->n_slots; i++)
		if (db->slots[i].frequency)
			*slot_find(slots, n, db->slots[i].bag) = db->slots[i];
	free(db->slots);
	db->slots = slots;
	db->n_slots = n;
	return 0;
}

/* The slot of the bag, made where it is missing: *ret_new. */
static int db_slot(struct bosc_db *db, uint64_t bag, struct slot **ret, bool *ret_new)
{
	struct slot *s = slot_find(db->slots, db->n_slots, bag);

	*ret_new = s->frequency == 0;
	if (*ret_new && (db->n + 1) * 2 > db->n_slots) {
		int r = db_grow(db);

		if (r < 0)
			return r;
		s = slot_find(db->slots, db->n_slots, bag);
	}
	s->bag = bag;
	db->n += *ret_new;
	*ret = s;
	return 0;
}

int bosc_db_add(struct bosc_db *db, uint64_t bag, bool *ret_new)
{
	struct slot *s;
	bool is_new;
	int r = db_slot(db, bag, &s, &is_new);

	if (r < 0)
		return r;
	s->frequency++;
	if (ret_new)
		*ret_new = is_new;
	return 0;
}

int bosc_db_learn(struct bosc_db *db, uint64_t bag, uint32_t epoch, bool *ret_known)
{
	struct slot *s;
	bool is_new;
	int r = db_slot(db, bag, &s, &is_new);

	if (r < 0)
		return r;
	if (is_new)
		s->epoch = epoch;
	s->frequency++;
	*ret_known = !is_new && s->epoch != epoch;
	return 0;
}

int bosc_db_put(struct bosc_db *db, uint64_t bag, uint64_t frequency)
{
	struct slot *s;
	bool is_new;
	int r = frequency ? db_slot(db, bag, &s, &is_new) : -EINVAL;

	if (r < 0)
		return r;
	s->frequency = frequency;
	return 0;
}

uint64_t bosc_db_frequency(const struct bosc_db *db, uint64_t bag)
{
	return slot_find(db->slots, db->n_slots, bag)->frequency;
}

size_t bosc_db_size(const struct bosc_db *db)
{
	return db->n;
}

static int compare_bags(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int bosc_db_bags(const struct bosc_db *db, uint64_t **ret, size_t *ret_n)
{
	uint64_t *bags = NULL;
	size_t n = 0;

	if (db->n) {
		bags = calloc(db->n, sizeof(*bags));
		if (!bags)
			return -ENOMEM;
		for (size_t i = 0; i < db->n_slots; i++)
			if (db->slots[i].frequency)
				bags[n++] = db->slots[i].bag;
		qsort(bags, n, sizeof(*bags), compare_bags);
	}
	*ret = bags;
	*ret_n = n;
	return 0;
}
