/* SPDX-License-Identifier: Apache-2.0 */
#include <base/backoff.h>
#include <base/cleanup.h>
#include <errno.h>
#include <math.h>
#include <model/game_run.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

enum { PROGRESS_NS = 200 * 1000 * 1000 };

struct crew {
	const struct game_job *job;
	atomic_uint_fast64_t next; /* play to be begun */
	atomic_uint_fast64_t done;
	pthread_mutex_t lock;
	pthread_cond_t left; /* a worker has */
	unsigned working;    /* under lock */
};

struct worker {
	struct crew *crew;
	pthread_t thread;
	void *scratch;
	struct game_tally tally;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	const struct game_job *job = w->crew->job;

	for (uint64_t i; (i = atomic_fetch_add(&w->crew->next, 1)) < job->plays;) {
		uint64_t seed = job->seed + i * 0x9e3779b97f4a7c15;

		job->trial(job->arg, w->scratch, rng_next(&seed), &w->tally);
		w->tally.plays++;
		atomic_fetch_add(&w->crew->done, 1);
	}
	pthread_mutex_lock(&w->crew->lock);
	w->crew->working--;
	pthread_cond_signal(&w->crew->left);
	pthread_mutex_unlock(&w->crew->lock);
	return NULL;
}

static struct timespec soon(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += PROGRESS_NS;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

static void wait_for(struct crew *crew)
{
	const struct game_job *job = crew->job;

	pthread_mutex_lock(&crew->lock);
	while (crew->working) {
		struct timespec t = soon();

		pthread_cond_timedwait(&crew->left, &crew->lock, &t);
		if (!job->progress)
			continue;
		pthread_mutex_unlock(&crew->lock);
		job->progress(job->progress_arg, atomic_load(&crew->done), job->plays);
		pthread_mutex_lock(&crew->lock);
	}
	pthread_mutex_unlock(&crew->lock);
	if (job->progress)
		job->progress(job->progress_arg, atomic_load(&crew->done), job->plays);
}

static void tally_add(struct game_tally *sum, const struct game_tally *t)
{
	sum->plays += t->plays;
	sum->deaths += t->deaths;
	sum->steps += t->steps;
	sum->hops += t->hops;
	sum->moves += t->moves;
	for (size_t i = 0; i <= GAME_STEPS_MAX; i++)
		sum->died_at[i] += t->died_at[i];
}

static unsigned threads_of(const struct game_job *job)
{
	long n = job->threads ? (long)job->threads : sysconf(_SC_NPROCESSORS_ONLN);

	if ((uint64_t)n > job->plays)
		n = (long)job->plays;
	if (n > GAME_THREADS_MAX)
		n = GAME_THREADS_MAX;
	return n > 0 ? (unsigned)n : 1;
}

/* How many could be had. */
static unsigned crew_start(struct crew *crew, struct worker *workers, unsigned n)
{
	unsigned started = 0;

	pthread_mutex_lock(&crew->lock);
	for (; started < n; started++)
		if (pthread_create(&workers[started].thread, NULL, work, &workers[started]))
			break;
	crew->working = started;
	pthread_mutex_unlock(&crew->lock);
	return started;
}

static int crew_run(
	struct crew *crew, struct worker *workers, unsigned n, struct game_tally *ret, struct err *e)
{
	unsigned started = crew_start(crew, workers, n);

	if (!started)
		return err_set(e, -EAGAIN, "NoThread", "no thread can be had to simulate in");
	wait_for(crew);
	for (unsigned i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		tally_add(ret, &workers[i].tally);
	}
	return 0;
}

int game_run(const struct game_job *job, struct game_tally *ret, struct err *e)
{
	unsigned n = threads_of(job);
	auto_free struct worker *workers = calloc(n, sizeof(*workers));
	struct crew crew = {.job = job, .lock = PTHREAD_MUTEX_INITIALIZER, .left = PTHREAD_COND_INITIALIZER};
	bool memory = workers;
	int rc;

	*ret = (struct game_tally){0};
	for (unsigned i = 0; i < n && memory; i++) {
		workers[i].crew = &crew;
		workers[i].scratch = calloc(1, job->scratch_size + 1);
		memory = workers[i].scratch;
	}
	rc = memory ? crew_run(&crew, workers, n, ret, e)
		    : err_set(e, -ENOMEM, "OutOfMemory", "no memory to simulate in");
	for (unsigned i = 0; i < n && workers; i++)
		free(workers[i].scratch);
	return rc;
}

double game_survival(const struct game_tally *t, uint32_t step)
{
	uint64_t dead = 0;

	for (uint32_t i = 0; i <= step && i <= GAME_STEPS_MAX; i++)
		dead += t->died_at[i];
	return t->plays ? 1 - (double)dead / (double)t->plays : 1;
}

#define SIGMAS 1.959963984540054

struct game_interval game_share_interval(uint64_t hits, uint64_t n)
{
	double z2 = SIGMAS * SIGMAS, total = (double)n, p, middle, half;

	if (!n)
		return (struct game_interval){0, 1};
	p = (double)hits / total;
	middle = (p + z2 / (2 * total)) / (1 + z2 / total);
	half = SIGMAS / (1 + z2 / total) * sqrt(p * (1 - p) / total + z2 / (4 * total * total));
	return (struct game_interval){fmax(middle - half, 0), fmin(middle + half, 1)};
}

struct game_interval game_rate_interval(uint64_t events, double time)
{
	double n = (double)events;

	if (!events)
		return (struct game_interval){0, 3 / time};
	return (struct game_interval){fmax(n - SIGMAS * sqrt(n), 0) / time, (n + SIGMAS * sqrt(n)) / time};
}
