/* SPDX-License-Identifier: Apache-2.0 */
#include <base/backoff.h>
#include <base/cleanup.h>
#include <errno.h>
#include <model/game_lattice.h>

enum { FREE, BESIDE, PREY, HOPS_PER_DRAW = 32 };
static const size_t DIRECTIONS = 4;

int game_torus_init(struct game_torus *t, uint32_t width, uint32_t height, struct err *e)
{
	*t = (struct game_torus){.width = width, .height = height};
	if (width < GAME_SIDE_MIN || width > GAME_SIDE_MAX || height < GAME_SIDE_MIN ||
		height > GAME_SIDE_MAX)
		return err_set(e, -EDOM, "OutOfDomain", "a lattice of %u x %u: each side must be %d to %d",
			width, height, GAME_SIDE_MIN, GAME_SIDE_MAX);
	t->sites = width * height;
	t->next = calloc(t->sites * DIRECTIONS, sizeof(*t->next));
	if (!t->next)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a lattice of %u sites", t->sites);
	for (uint32_t i = 0; i < t->sites; i++) {
		uint32_t x = i % width, y = i / width, *next = &t->next[DIRECTIONS * i];

		next[0] = y * width + (x + 1) % width;
		next[1] = y * width + (x + width - 1) % width;
		next[2] = (y + 1) % height * width + x;
		next[3] = (y + height - 1) % height * width + x;
	}
	return 0;
}

void game_torus_free(struct game_torus *t)
{
	free(TAKE_PTR(t->next));
}

static bool reaches(const struct game_torus *t, uint32_t from, uint32_t to)
{
	const uint32_t *next = &t->next[DIRECTIONS * from];

	return from == to || next[0] == to || next[1] == to || next[2] == to || next[3] == to;
}

uint32_t game_lattice_flee(
	const struct game_torus *t, uint32_t prey, const uint32_t *predators, size_t n, uint64_t *rng)
{
	uint32_t safe[4] = {0}, n_safe = 0;

	for (size_t d = 0; d < DIRECTIONS; d++) {
		uint32_t to = t->next[DIRECTIONS * prey + d];
		bool open = true;

		for (size_t i = 0; i < n && open; i++)
			open = !reaches(t, predators[i], to);
		if (open)
			safe[n_safe++] = to;
	}
	return n_safe ? safe[rng_next(rng) % n_safe] : prey;
}

/* Behind the struct: what each site is, then where each predator stands. */
struct board {
	const struct game_lattice *setup;
	uint64_t rng;
	uint32_t prey;
	uint32_t *predators;
	unsigned char *mark;
};

static void marks_set(struct board *b, bool on)
{
	const uint32_t *next = &b->setup->torus->next[DIRECTIONS * b->prey];

	for (size_t d = 0; d < DIRECTIONS; d++)
		b->mark[next[d]] = on ? BESIDE : FREE;
	b->mark[b->prey] = on ? PREY : FREE;
}

static void board_set(struct board *b)
{
	uint32_t sites = b->setup->torus->sites;

	b->prey = (uint32_t)(rng_next(&b->rng) % sites);
	for (uint32_t i = 0; i < b->setup->predators; i++)
		b->predators[i] = (b->prey + 1 + (uint32_t)(rng_next(&b->rng) % (sites - 1))) % sites;
	marks_set(b, true);
}

/* Every predator hops. The worst of where they landed. */
static int predators_hop(struct board *b)
{
	const uint32_t *next = b->setup->torus->next;
	uint32_t n = b->setup->predators;
	int worst = FREE;

	for (uint32_t i = 0; i < n;) {
		uint64_t bits = rng_next(&b->rng);

		for (int k = 0; k < HOPS_PER_DRAW && i < n; k++, i++, bits >>= 2) {
			uint32_t at = next[DIRECTIONS * b->predators[i] + (bits & 3)];

			b->predators[i] = at;
			worst = b->mark[at] > worst ? b->mark[at] : worst;
		}
	}
	return worst;
}

/* False: it is trapped. */
static bool prey_flees(struct board *b)
{
	uint32_t to = game_lattice_flee(b->setup->torus, b->prey, b->predators, b->setup->predators, &b->rng);

	if (to == b->prey)
		return false;
	marks_set(b, false);
	b->prey = to;
	marks_set(b, true);
	return true;
}

/* A predator that starts beside the prey is fled from before anything moves. */
static bool starts_beside(const struct board *b)
{
	for (uint32_t i = 0; i < b->setup->predators; i++)
		if (b->mark[b->predators[i]] == BESIDE)
			return true;
	return false;
}

/* The step at which the prey is caught, or one behind the horizon. */
static uint64_t play(struct board *b, struct game_tally *tally)
{
	bool evasive = b->setup->evasive;

	if (evasive && starts_beside(b) && !prey_flees(b))
		return 1;
	for (uint64_t step = 1; step <= b->setup->horizon; step++) {
		int worst = predators_hop(b);

		tally->hops += b->setup->predators;
		if (worst == PREY)
			return step;
		if (!evasive || worst == FREE)
			continue;
		/* It can go nowhere, and whoever stands beside it sees it: the next hop is onto it. */
		if (!prey_flees(b))
			return step + 1;
		tally->moves++;
	}
	return b->setup->horizon + 1;
}

static void trial(const void *arg, void *scratch, uint64_t seed, struct game_tally *tally)
{
	const struct game_lattice *setup = arg;
	struct board b = {.setup = setup, .rng = seed, .predators = scratch};
	uint64_t end;

	b.mark = (unsigned char *)(b.predators + setup->predators);
	board_set(&b);
	end = play(&b, tally);
	marks_set(&b, false);
	tally->steps += end <= setup->horizon ? end : setup->horizon;
	if (end > setup->horizon)
		return;
	tally->deaths++;
	if (end <= GAME_STEPS_MAX)
		tally->died_at[end]++;
}

int game_lattice_job(const struct game_lattice *setup, struct game_job *job, struct err *e)
{
	if (!setup->predators || setup->predators > GAME_PREDATORS_MAX)
		return err_set(e, -EDOM, "OutOfDomain", "%u predators: must be 1 to %d", setup->predators,
			GAME_PREDATORS_MAX);
	job->trial = trial;
	job->arg = setup;
	job->scratch_size = setup->predators * sizeof(uint32_t) + setup->torus->sites;
	return 0;
}

/*
 * Read backwards, a walk's site is new when the walk never comes back to where it began; so S is the sum of
 * the probabilities of no return within 0, 1, ... steps. u is the probability of being back after k steps, f
 * of being so for the first time.
 */
int game_lattice_visited(uint32_t steps, double *ret_visited, struct err *e)
{
	double u[GAME_STEPS_MAX + 1] = {1}, f[GAME_STEPS_MAX + 1] = {0}, back = 1, away = 1, s = 1;

	if (steps > GAME_STEPS_MAX)
		return err_set(
			e, -EDOM, "OutOfDomain", "%u steps: must be at most %d", steps, GAME_STEPS_MAX);
	for (uint32_t k = 1; k <= steps; k++) {
		if (k % 2 == 0) {
			back *= (k - 1.0) /
				k; /* of a walk on a line; on the square lattice two turn at once */
			u[k] = back * back;
		}
		f[k] = u[k];
		for (uint32_t j = 1; j < k; j++)
			f[k] -= f[j] * u[k - j];
		away -= f[k];
		s += away;
	}
	*ret_visited = s;
	return 0;
}
