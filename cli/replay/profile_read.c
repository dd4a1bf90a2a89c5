/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define PROFILE_BYTES_MAX ((size_t)256 << 20)
#define WORDS_MAX 8

struct line {
	char *words[WORDS_MAX];
	size_t n;
};

/* -E2BIG: more words than any line has. */
static int line_split(char *text, struct line *l)
{
	char *save;

	l->n = 0;
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (l->n == WORDS_MAX)
			return -E2BIG;
		l->words[l->n++] = w;
	}
	return 0;
}

/* Digits of the base only, within [min, max]. */
static int number_take(const char *s, int base, uint64_t min, uint64_t max, uint64_t *ret)
{
	const char *digits = base == 16 ? "0123456789abcdef" : "0123456789";
	unsigned long long v;

	if (!*s || s[strspn(s, digits)])
		return -EINVAL;
	errno = 0;
	v = strtoull(s, NULL, base);
	if (errno || v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

static int head_take(struct replay_profile *p, const struct line *l)
{
	struct fused_params params = {.form = FUSED_EXACT};
	uint64_t window, epoch, tasks, epochs;
	int r;

	if (l->n != 7 || !str_eq(l->words[0], "escape-profile") || !str_eq(l->words[1], "1") ||
		(!str_eq(l->words[2], "exact") && !str_eq(l->words[2], "kernel")))
		return -EINVAL;
	if (number_take(l->words[3], 10, 0, UINT32_MAX, &window) ||
		number_take(l->words[4], 10, 0, UINT32_MAX, &epoch) ||
		number_take(l->words[5], 10, 0, UINT32_MAX, &tasks) ||
		number_take(l->words[6], 10, 0, UINT32_MAX, &epochs))
		return -EINVAL;
	params.form = str_eq(l->words[2], "kernel") ? FUSED_KERNEL : FUSED_EXACT;
	params.window = (uint32_t)window;
	params.epoch = (uint32_t)epoch;
	r = fused_model_init(&p->model, &params);
	p->model.tasks = tasks;
	p->model.epochs = epochs;
	return r;
}

static int thresholds_take(struct replay_profile *p, const struct line *l)
{
	uint32_t *to[] = {&p->thresholds.pair, &p->thresholds.graded, &p->thresholds.bosc};
	uint64_t v;

	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		if (number_take(l->words[1 + i], 10, 1, UINT32_MAX, &v))
			return -EINVAL;
		*to[i] = (uint32_t)v;
	}
	p->ready = true;
	return 0;
}

static int pair_take(struct replay_profile *p, const struct line *l)
{
	uint64_t a, b, tasks;

	if (number_take(l->words[1], 10, 0, BOSC_CALLS - 1, &a) ||
		number_take(l->words[2], 10, 0, BOSC_CALLS - 1, &b) ||
		number_take(l->words[3], 10, 1, UINT32_MAX, &tasks))
		return -EINVAL;
	p->model.pairs[a << GRADED_CALL_BITS | b].tasks = (uint32_t)tasks;
	return 0;
}

static int triples_take(struct replay_profile *p, const struct line *l)
{
	uint64_t at, bits;

	if (number_take(l->words[1], 16, 0, fused_model_triple_words(&p->model) - 1, &at) ||
		number_take(l->words[2], 16, 1, UINT64_MAX, &bits))
		return -EINVAL;
	p->model.triples[at] = bits;
	return 0;
}

static int bag_take(struct replay_profile *p, const struct line *l)
{
	uint64_t bag, frequency;

	if (number_take(l->words[1], 16, 0, UINT64_MAX, &bag) ||
		number_take(l->words[2], 10, 1, UINT64_MAX, &frequency))
		return -EINVAL;
	return bosc_db_put(p->model.bags, bag, frequency);
}

static int body_take(struct replay_profile *p, const struct line *l)
{
	static const struct {
		const char *name;
		size_t words;
		int (*take)(struct replay_profile *p, const struct line *l);
	} lines[] = {
		{"thresholds", 4, thresholds_take},
		{"pair", 4, pair_take},
		{"triples", 3, triples_take},
		{"bag", 3, bag_take},
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (l->n == lines[i].words && str_eq(l->words[0], lines[i].name))
			return lines[i].take(p, l);
	return -EINVAL;
}

void replay_profile_free(struct replay_profile *p)
{
	fused_model_free(&p->model);
}

int replay_profile_parse(char *text, struct replay_profile *ret, struct err *e)
{
	struct replay_profile p = {0};
	char *save;
	int number = 0, r = -EINVAL;

	for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
		struct line l;

		number++;
		r = line_split(s, &l);
		if (r == 0)
			r = number == 1 ? head_take(&p, &l) : body_take(&p, &l);
		if (r)
			break;
	}
	if (r == 0) {
		*ret = p;
		return 0;
	}
	replay_profile_free(&p);
	if (r == -ENOMEM)
		return err_set(e, r, "OutOfMemory", "no memory for the profile");
	return err_set(e, -EINVAL, "BadProfile", "line %d is not what escape-replay learn writes", number);
}

int replay_profile_read(const char *path, struct replay_profile *ret, struct err *e)
{
	auto_free char *text = NULL;
	int r = io_read_file(path, PROFILE_BYTES_MAX, &text, NULL);

	if (r < 0)
		return err_set(e, r, "CannotRead", "cannot read %s: %s", path, strerror(-r));
	r = replay_profile_parse(text, ret, e);
	return r ? err_wrap(e, "%s", path) : 0;
}
