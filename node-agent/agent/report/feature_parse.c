/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/report/feature_parse.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CPU_WORDS_MAX 128

/* The text behind the separator " - " of a line of mountinfo: "TYPE SOURCE OPTIONS". */
static const char *mount_type(const char *line, size_t len)
{
	const char *at = memmem(line, len, " - ", 3);

	return at ? at + 3 : NULL;
}

const char *feature_cgroups(const char *mountinfo)
{
	bool v1 = false, v2 = false;

	for (const char *line = mountinfo; *line;) {
		size_t len = strcspn(line, "\n");
		const char *type = mount_type(line, len);

		if (type && str_starts(type, "cgroup2 "))
			v2 = true;
		/* A named hierarchy without controllers (systemd's own) makes no v1. */
		else if (type && str_starts(type, "cgroup ") && !memmem(line, len, "name=", 5))
			v1 = true;
		line += len + (line[len] == '\n');
	}
	if (v1)
		return v2 ? "hybrid" : "v1";
	return v2 ? "v2" : NULL;
}

const char *feature_cgroup_driver(const char *proc_cgroup)
{
	if (strstr(proc_cgroup, "kubepods") == NULL)
		return NULL;
	return strstr(proc_cgroup, "/kubepods.slice") || strstr(proc_cgroup, "-kubepods.slice") ? "systemd"
												: "cgroupfs";
}

/* One of these, or one of these and more letters behind it: avx512_bf16. */
static const char *const CPU_SETS[] = {"amx", "avx", "bmi", "gfni", "hle", "mmx", "movdir", "rtm", "sha",
	"sm3", "sm4", "sse", "tbm", "vaes", "vpclmul", "xop", "xsave", "3dnow"};
/* Only these. */
static const char *const CPU_WORDS[] = {"abm", "adx", "aes", "apx", "cldemote", "clflush", "clflushopt",
	"clwb", "clzero", "cmov", "cx16", "cx8", "enqcmd", "erms", "f16c", "fma", "fma4", "fpu", "fsgsbase",
	"fsrm", "fxsr", "lahf_lm", "lm", "movbe", "ospke", "pclmulqdq", "pku", "pni", "popcnt", "prefetchwt1",
	"rdpid", "rdrand", "rdseed", "rdtscp", "serialize", "ssse3", "syscall", "tsxldtrk", "uintr",
	"waitpkg", "xgetbv1"};

static bool cpu_word_counts(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(CPU_SETS); i++)
		if (str_starts(word, CPU_SETS[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(CPU_WORDS); i++)
		if (str_eq(word, CPU_WORDS[i]))
			return true;
	return false;
}

static bool cpu_word_is_sound(const char *word)
{
	for (; *word; word++)
		if (!islower((unsigned char)*word) && !isdigit((unsigned char)*word) && *word != '_')
			return false;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int words_join(char **words, size_t n, char *dst, size_t size)
{
	size_t at = 0;

	qsort(words, n, sizeof(*words), by_name);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(words[i]);

		if (i && str_eq(words[i], words[i - 1]))
			continue;
		if (at + !!at + len >= size) {
			*dst = '\0';
			return -ENAMETOOLONG;
		}
		if (at)
			dst[at++] = ' ';
		memcpy(dst + at, words[i], len + 1);
		at += len;
	}
	return n ? 0 : -ENOENT;
}

/* The line of the first processor: x86 says flags, arm64 Features (each of which is an instruction set). */
static char *cpu_line(const char *cpuinfo, bool *ret_all)
{
	for (const char *line = cpuinfo; *line;) {
		size_t len = strcspn(line, "\n");
		const char *colon = memchr(line, ':', len);

		*ret_all = str_starts(line, "Features\t");
		if (colon && (*ret_all || str_starts(line, "flags\t")))
			return strndup(colon + 1, len - (size_t)(colon + 1 - line));
		line += len + (line[len] == '\n');
	}
	return NULL;
}

int feature_cpu(const char *cpuinfo, char *dst, size_t size)
{
	bool all;
	auto_free char *line = cpu_line(cpuinfo, &all);
	char *words[CPU_WORDS_MAX], *save = NULL;
	size_t n = 0;

	*dst = '\0';
	if (!line)
		return -ENOENT;
	for (char *word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		if (!cpu_word_is_sound(word) || !(all || cpu_word_counts(word)))
			continue;
		if (n == CPU_WORDS_MAX)
			return -ENAMETOOLONG;
		words[n++] = word;
	}
	return words_join(words, n, dst, size);
}

bool feature_in_list(const char *list, const char *word)
{
	size_t want = strlen(word);

	while (*list) {
		size_t len = strcspn(list, ",\n");

		if (len == want && !strncmp(list, word, len))
			return true;
		list += len + (list[len] != '\0');
	}
	return false;
}
