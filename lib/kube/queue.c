/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/queue.h>

#include <base/backoff.h>
#include <base/clock.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory, an addition then leaves hh.tbl NULL instead of ending the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

enum item_state {
	ITEM_IDLE,    /* waits only for its due time, if it has one */
	ITEM_READY,   /* in the ready list */
	ITEM_WORKING, /* handed out */
};

struct item {
	UT_hash_handle hh;
	struct item *prev, *next; /* ready list, in order of arrival */
	enum item_state state;
	bool again;     /* added while it was worked on */
	int64_t due_ms; /* monotonic; 0: not delayed */
	struct backoff backoff;
	char key[];
};

struct kube_queue {
	struct loop *loop;
	struct loop_timer *pump;
	struct loop_timer *delay;
	struct item *items;
	struct item *ready;
	size_t ready_count;
	unsigned working;
	unsigned max_parallel;
	uint32_t base_ms, max_ms;
	uint64_t rng;
	kube_queue_work work;
	void *arg;
	bool pumping;
	bool dead;
};

static struct item *item_find(struct kube_queue *q, const char *key)
{
	struct item *i;

	HASH_FIND_STR(q->items, key, i);
	return i;
}

static struct item *item_need(struct kube_queue *q, const char *key)
{
	struct item *i = item_find(q, key);
	size_t len = strlen(key);

	if (i)
		return i;
	i = calloc(1, sizeof(*i) + len + 1);
	if (!i)
		return NULL;
	memcpy(i->key, key, len + 1);
	backoff_init(&i->backoff, q->base_ms, q->max_ms, rng_next(&q->rng));
	HASH_ADD_STR(q->items, key, i);
	if (!i->hh.tbl) {
		free(i);
		return NULL;
	}
	return i;
}

/* A key is remembered only while it waits, works or has failures to count. */
static void item_forget_if_idle(struct kube_queue *q, struct item *i)
{
	if (i->state != ITEM_IDLE || i->due_ms || i->backoff.failures)
		return;
	HASH_DEL(q->items, i);
	free(i);
}

static void item_make_ready(struct kube_queue *q, struct item *i)
{
	i->due_ms = 0;
	if (i->state == ITEM_WORKING) {
		i->again = true;
		return;
	}
	if (i->state == ITEM_READY)
		return;
	i->state = ITEM_READY;
	DL_APPEND(q->ready, i);
	q->ready_count++;
	if (!q->pumping)
		loop_timer_start(q->pump, 0, 0);
}

static void queue_destroy(struct kube_queue *q)
{
	struct item *i, *next;

	HASH_ITER(hh, q->items, i, next)
	{
		HASH_DEL(q->items, i);
		free(i);
	}
	loop_timer_free(q->pump);
	loop_timer_free(q->delay);
	free(q);
}

static void on_pump(void *arg)
{
	struct kube_queue *q = arg;
	size_t budget =
		q->ready_count; /* work that adds its own key again must not keep the loop from its fds */

	q->pumping = true;
	while (!q->dead && q->ready && q->working < q->max_parallel && budget--) {
		struct item *i = q->ready;

		DL_DELETE(q->ready, i);
		q->ready_count--;
		i->state = ITEM_WORKING;
		q->working++;
		q->work(q->arg, i->key);
	}
	q->pumping = false;
	if (q->dead)
		queue_destroy(q);
	else if (q->ready && q->working < q->max_parallel)
		loop_timer_start(q->pump, 0, 0);
}

/* One timer for all delayed keys: it is set to the earliest of them. */
static void queue_arm(struct kube_queue *q)
{
	int64_t earliest = 0, now = clock_monotonic_ms();

	for (struct item *i = q->items; i; i = i->hh.next)
		if (i->due_ms && (!earliest || i->due_ms < earliest))
			earliest = i->due_ms;
	if (earliest)
		loop_timer_start(q->delay, earliest > now ? (uint64_t)(earliest - now) : 0, 0);
	else
		loop_timer_stop(q->delay);
}

static void on_delay(void *arg)
{
	struct kube_queue *q = arg;
	int64_t now = clock_monotonic_ms();

	for (struct item *i = q->items; i; i = i->hh.next)
		if (i->due_ms && i->due_ms <= now)
			item_make_ready(q, i);
	queue_arm(q);
}

int kube_queue_new(struct loop *l, uint32_t base_ms, uint32_t max_ms, unsigned max_parallel,
	kube_queue_work work, void *arg, struct kube_queue **ret)
{
	struct kube_queue *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->loop = l;
	q->base_ms = base_ms;
	q->max_ms = max_ms;
	q->max_parallel = max_parallel ? max_parallel : 1;
	q->work = work;
	q->arg = arg;
	q->rng = (uint64_t)clock_monotonic_ns();
	if (loop_timer_new(l, on_pump, q, &q->pump) || loop_timer_new(l, on_delay, q, &q->delay)) {
		queue_destroy(q);
		return -ENOMEM;
	}
	*ret = q;
	return 0;
}

void kube_queue_free(struct kube_queue *q)
{
	if (!q || q->dead)
		return;
	q->dead = true;
	if (!q->pumping)
		queue_destroy(q);
}

int kube_queue_add(struct kube_queue *q, const char *key)
{
	struct item *i = item_need(q, key);

	if (!i)
		return -ENOMEM;
	item_make_ready(q, i);
	return 0;
}

int kube_queue_add_after(struct kube_queue *q, const char *key, uint64_t after_ms)
{
	struct item *i;
	int64_t due;

	if (!after_ms)
		return kube_queue_add(q, key);
	i = item_need(q, key);
	if (!i)
		return -ENOMEM;
	due = clock_monotonic_ms() + (int64_t)after_ms;
	/* What waits in the ready list comes sooner anyway; of two delays the shorter one counts. */
	if (i->state != ITEM_READY && (!i->due_ms || due < i->due_ms)) {
		i->due_ms = due;
		queue_arm(q);
	}
	return 0;
}

void kube_queue_done(struct kube_queue *q, const char *key, bool ok)
{
	struct item *i = item_find(q, key);

	if (q->dead || !i || i->state != ITEM_WORKING)
		return;
	i->state = ITEM_IDLE;
	q->working--;
	if (ok)
		backoff_reset(&i->backoff);
	if (i->again) {
		i->again = false;
		item_make_ready(q, i);
	} else if (!ok) {
		kube_queue_add_after(q, i->key, backoff_next_ms(&i->backoff));
	}
	if (q->ready && !q->pumping)
		loop_timer_start(q->pump, 0, 0);
	item_forget_if_idle(q, i);
}

size_t kube_queue_depth(const struct kube_queue *q)
{
	return q->ready_count + q->working;
}
