/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main() of a fuzz target where libFuzzer is not linked: takes the same arguments, runs every file of the
 * named directories once. An empty or missing corpus is a failure, or a renamed directory would pass for
 * ever.
 */
#include "fuzz.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX ((size_t)16 << 20)

/* Files run, or -1. */
static int replay_file(int dir, const char *name)
{
	auto_free char *text = NULL;
	struct stat st;
	size_t len;

	if (fstatat(dir, name, &st, 0) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return 0;

	int r = io_read_file_at(dir, name, INPUT_MAX, &text, &len);

	if (r < 0) {
		fprintf(stderr, "%s: %s\n", name, strerror(-r));
		return -1;
	}

	/* A copy of exactly the size, so that a sanitizer sees a read beyond it. */
	auto_free uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		return -1;
	memcpy(exact, text, len);
	LLVMFuzzerTestOneInput(exact, len);
	return 1;
}

static int replay_dir(const char *path)
{
	auto_closedir DIR *d = opendir(path);
	int files = 0;

	if (!d) {
		perror(path);
		return -1;
	}
	for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
		int n = replay_file(dirfd(d), e->d_name);

		if (n < 0)
			return -1;
		files += n;
	}
	if (files == 0) {
		fprintf(stderr, "%s: no input in it\n", path);
		return -1;
	}
	return files;
}

int main(int argc, char **argv)
{
	int files = 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;

		int n = replay_dir(argv[i]);

		if (n < 0)
			return 1;
		files += n;
	}
	printf("%d inputs\n", files);
	return files ? 0 : 1;
}
