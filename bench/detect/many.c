/* SPDX-License-Identifier: Apache-2.0 */
#include "many.h"

#include "cgroup.h"
#include "worker.h"

#include <base/io.h>
#include <errno.h>
#include <loop/loop.h>
#include <node-agent/monitor/monitor.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct container {
	struct cgroup_own cgroup;
	struct monitor_watch *watch;
	pid_t pid;
};

/* A service under some load: a request every millisecond. */
static void container_main(void)
{
	static const long round[] = {SYS_getppid, SYS_getuid, SYS_getgid, SYS_geteuid, SYS_getegid,
		SYS_getuid, SYS_getppid, SYS_getgid, SYS_getgid, SYS_geteuid};
	const struct timespec pause = {.tv_nsec = 1000000};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		for (size_t i = 0; i < sizeof(round) / sizeof(round[0]); i++)
			syscall(round[i]);
		nanosleep(&pause, NULL);
	}
}

static void container_start(struct container *c, struct monitor *m)
{
	const struct monitor_params p = {.window = 10, .epoch = 500, .detector = MONITOR_FUSED};
	struct monitor_container at = {.running = true};
	struct err e;

	c->pid = fork();
	if (c->pid == 0)
		container_main();
	if (c->pid < 0)
		bench_fail("cannot start a container", errno);
	cgroup_make(&c->cgroup);
	cgroup_put(&c->cgroup, c->pid);
	at.init_pid = c->pid;
	at.cgroup = c->cgroup.dir;
	if (monitor_watch_new(m, &p, NULL, NULL, &c->watch, &e) < 0 ||
		monitor_watch_container(c->watch, &at, &e) < 0) {
		fprintf(stderr, "bench-detect: %s: %s\n", e.reason, e.message);
		exit(EXIT_FAILURE);
	}
	monitor_watch_mode(c->watch, MONITOR_LEARN);
}

static void container_stop(struct container *c)
{
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	cgroup_remove(&c->cgroup);
	monitor_watch_free(c->watch);
}

static uint64_t rss_kib(void)
{
	char *text = NULL, *at;
	uint64_t kib = 0;

	if (io_read_file("/proc/self/status", 16384, &text, NULL) < 0)
		bench_fail("/proc/self/status", errno);
	at = strstr(text, "VmRSS:");
	if (at)
		kib = strtoull(at + 6, NULL, 10);
	free(text);
	return kib;
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

struct sums {
	uint64_t calls, lost, unjudged;
};

/* What the agent asks for its report and its metrics. */
static struct sums ask(struct container *all, uint32_t n, struct monitor *m)
{
	struct sums sums = {0};
	struct monitor_stats st;

	if (monitor_count_tasks(m) < 0)
		bench_fail("cannot count tasks", EIO);
	for (uint32_t i = 0; i < n; i++) {
		if (monitor_watch_stats(all[i].watch, &st) < 0)
			bench_fail("cannot read counters", EIO);
		sums.calls += st.calls;
		sums.lost += st.lost;
		sums.unjudged += st.unjudged;
	}
	return sums;
}

static void tick_for(struct container *all, uint32_t n, struct monitor *m, uint32_t seconds)
{
	const struct timespec second = {.tv_sec = 1};

	for (uint32_t i = 0; i < seconds; i++) {
		nanosleep(&second, NULL);
		ask(all, n, m);
	}
}

int many_main(uint32_t containers, uint32_t seconds)
{
	struct container *all = calloc(containers, sizeof(*all));
	struct monitor *m;
	struct sums before, after;
	struct loop *l;
	struct err e;
	double cpu;

	if (!all || loop_new(&l) < 0)
		bench_fail("no memory", ENOMEM);
	if (monitor_probe(&e) < 0) {
		fprintf(stderr, "skipped: %s: %s\n", e.reason, e.message);
		return 77;
	}
	if (monitor_new(l, &m, &e) < 0)
		bench_fail(e.message, EIO);
	printf("monitor loaded, nothing watched: RSS %llu KiB\n", (unsigned long long)rss_kib());
	for (uint32_t i = 0; i < containers; i++)
		container_start(&all[i], m);
	tick_for(all, containers, m, 2);
	cpu = cpu_s();
	before = ask(all, containers, m);
	tick_for(all, containers, m, seconds);
	after = ask(all, containers, m);
	printf("%u containers watched (Fused, learning), %.0f calls/s together, asked every second: RSS %llu "
	       "KiB, "
	       "CPU %.2f %% of one; lost %llu, unjudged epochs %llu\n",
		containers, (double)(after.calls - before.calls) / seconds, (unsigned long long)rss_kib(),
		100 * (cpu_s() - cpu) / seconds, (unsigned long long)after.lost,
		(unsigned long long)after.unjudged);
	for (uint32_t i = 0; i < containers; i++)
		container_stop(&all[i]);
	monitor_free(m);
	loop_free(l);
	free(all);
	return EXIT_SUCCESS;
}
