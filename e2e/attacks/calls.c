/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attack-calls PID: counts along how many system calls the container of that process has made, as the agent's
 * programs count them, once a millisecond. Each line of input is a time (ms since 1970); it is answered by
 * the number of calls up to then. Ends with its input.
 */
#include <node-agent/monitor/monitor_shared.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PROGS_MAX 64
#define MAPS_MAX 32

struct counter {
	int states;
	uint32_t slot;
};

struct samples {
	struct sample {
		int64_t ms;
		uint64_t calls;
	} * at;
	size_t n, cap;
};

static int map_named(const uint32_t *ids, uint32_t n, const char *name, uint32_t value_size)
{
	for (uint32_t i = 0; i < n; i++) {
		struct bpf_map_info info = {0};
		uint32_t size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(ids[i]);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
			strcmp(info.name, name) == 0 && info.value_size == value_size)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ENOENT;
}

/* One agent's maps are those of its program. */
static int counter_of_program(int program, int pidfd, struct counter *ret)
{
	uint32_t ids[MAPS_MAX], size = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids};
	struct monitor_mark mark;
	int marks, found;

	if (bpf_obj_get_info_by_fd(program, &info, &size) || strcmp(info.name, "count_call") != 0)
		return -ENOENT;
	marks = map_named(ids, info.nr_map_ids, "marks", sizeof(mark));
	if (marks < 0)
		return marks;
	found = bpf_map_lookup_elem(marks, &pidfd, &mark);
	close(marks);
	if (found < 0)
		return -ENOENT;
	ret->slot = mark.slot;
	ret->states = map_named(ids, info.nr_map_ids, "states", sizeof(struct monitor_state));
	return ret->states < 0 ? ret->states : 0;
}

static int counter_find(int pid, struct counter *ret)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), rc = -ENOENT;
	uint32_t id = 0;

	if (pidfd < 0)
		return -errno;
	while (rc < 0 && bpf_prog_get_next_id(id, &id) == 0) {
		int program = bpf_prog_get_fd_by_id(id);

		if (program < 0)
			continue;
		rc = counter_of_program(program, pidfd, ret);
		close(program);
	}
	close(pidfd);
	return rc;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int sample_take(const struct counter *c, struct samples *s)
{
	struct monitor_state state;

	if (bpf_map_lookup_elem(c->states, &c->slot, &state) < 0)
		return -errno;
	if (s->n && s->at[s->n - 1].calls == state.tally.calls)
		return 0;
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 4096;
		void *at = reallocarray(s->at, cap, sizeof(*s->at));

		if (!at)
			return -ENOMEM;
		s->at = at;
		s->cap = cap;
	}
	s->at[s->n++] = (struct sample){now_ms(), state.tally.calls};
	return 0;
}

static uint64_t calls_until(const struct samples *s, int64_t ms)
{
	uint64_t calls = s->n ? s->at[0].calls : 0;

	for (size_t i = 0; i < s->n && s->at[i].ms <= ms; i++)
		calls = s->at[i].calls;
	return calls;
}

/* 1: the input ended. */
static int answer(const struct samples *s)
{
	char line[64];

	if (!fgets(line, sizeof(line), stdin))
		return 1;
	printf("%llu\n", (unsigned long long)calls_until(s, strtoll(line, NULL, 10)));
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	struct samples s = {0};
	struct counter c;
	int rc = argc == 2 ? counter_find(atoi(argv[1]), &c) : -EINVAL;

	setvbuf(stdin, NULL, _IONBF, 0);
	if (rc < 0) {
		fprintf(stderr, "attack-calls: no agent counts process %s: %s\n", argc == 2 ? argv[1] : "?",
			strerror(-rc));
		return 1;
	}
	do {
		rc = sample_take(&c, &s);
		if (rc == 0 && poll(&input, 1, 1) > 0)
			rc = answer(&s);
	} while (rc == 0);
	free(s.at);
	return rc < 0;
}
