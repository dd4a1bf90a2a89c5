# SPDX-License-Identifier: Apache-2.0
# Small container streams, the same everywhere: awk -v out=DIR -f streams.awk. DIR/train and DIR/dev must exist. Tasks
# are short programs: three common ones, and one that fewer than one task in 256 runs. V: normal tasks; A: an attack
# alone; M: an attack among normal tasks.
function draw(n) {
	seed = (seed * 16807) % 2147483647
	return int(seed / 64) % n
}

# The next call of a program at step i; now and then a call is left out or made twice.
function call(program, i) {
	if (draw(16) == 0)
		i += draw(3)
	if (program == 0) return 3 + i % 4
	if (program == 1) return 20 + (i * i) % 7
	if (program == 2) return 40 + int(i / 2) % 5
	if (program == 3) return 60 + i % 5
	if (program == 4) return 3 + draw(60)
	return 505 + i % 4 * 2
}

function pick(attack) {
	if (attack && draw(3) == 0) return 4
	if (draw(400) == 0) return 3
	if (draw(50) == 0) return 5
	return draw(3)
}

# Live tasks take turns; one that ends makes room for the next.
function stream(file, tasks, attack, alone,    t, k, live, next_task) {
	next_task = 0
	for (k = 0; k < 6; k++)
		left[k] = 0
	live = 1
	while (live) {
		live = 0
		for (k = 0; k < 6; k++) {
			if (left[k] == 0 && next_task < tasks) {
				id[k] = ++next_task
				program[k] = alone ? 4 : pick(attack)
				left[k] = 2 + draw(14)
				step[k] = 0
			}
			for (t = draw(4); t >= 0 && left[k]; t--) {
				printf "%d %d\n", id[k], call(program[k], step[k]++) > file
				left[k]--
			}
			if (left[k])
				live = 1
		}
		if (next_task < tasks)
			live = 1
	}
	close(file)
}

BEGIN {
	seed = 20240229
	for (f = 0; f < 12; f++)
		stream(sprintf("%s/train/T%03d", out, f), 100, 0, 0)
	for (f = 0; f < 6; f++)
		stream(sprintf("%s/dev/V%03d", out, f), 60, 0, 0)
	for (f = 0; f < 3; f++) {
		stream(sprintf("%s/dev/A-%d", out, f), 10 + 10 * f, 1, 1)
		stream(sprintf("%s/dev/M-%d", out, f), 60, 1, 0)
	}
}
