/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/report/memory_track.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Documentation/admin-guide/mm/pagemap.rst; Debian bookworm's headers are older than PAGEMAP_SCAN. */
#define SOFT_DIRTY (1ULL << 55)
#define PAGE_IS_WRITTEN (1ULL << 1)
#define PAGE_IS_PRESENT (1ULL << 3)

struct scan_region {
	uint64_t start, end, categories;
};

struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN _IOWR('f', 16, struct scan_arg)

static char *page_new(size_t size)
{
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

static void page_write(char *page)
{
	*(volatile char *)page += 1;
}

/* 1, 0 or -errno */
static int page_is_dirty(int pagemap, const char *page, size_t size)
{
	uint64_t entry;

	if (pread(pagemap, &entry, sizeof(entry), (off_t)((uintptr_t)page / size * sizeof(entry))) !=
		(ssize_t)sizeof(entry))
		return -EIO;
	return (entry & SOFT_DIRTY) != 0;
}

static int soft_dirty_try(int pagemap, char *page, size_t size)
{
	int before, after, rc;

	page_write(page);
	rc = io_write_knob("/proc/self/clear_refs", "4");
	if (rc)
		return rc == -EINVAL ? -ENOTSUP : rc;
	before = page_is_dirty(pagemap, page, size);
	page_write(page);
	after = page_is_dirty(pagemap, page, size);
	if (before < 0 || after < 0)
		return before < 0 ? before : after;
	return before == 0 && after == 1 ? 0 : -ENOTSUP;
}

static int pagemap_scan_try(int pagemap, char *page, size_t size)
{
	struct scan_region found[1];
	struct scan_arg arg = {.size = sizeof(arg),
		.start = (uintptr_t)page,
		.end = (uintptr_t)page + size,
		.vec = (uintptr_t)found,
		.vec_len = ARRAY_LEN(found),
		.category_mask = PAGE_IS_PRESENT,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_WRITTEN};

	page_write(page);
	return ioctl(pagemap, SCAN, &arg) < 0 ? -errno : 0;
}

static int on_page(int (*try)(int pagemap, char *page, size_t size))
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	auto_close int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	char *page = pagemap < 0 ? NULL : page_new(size);
	int rc = page ? try(pagemap, page, size) : -errno;

	if (page)
		munmap(page, size);
	return rc;
}

int memory_soft_dirty(void)
{
	return on_page(soft_dirty_try);
}

int memory_pagemap_scan(void)
{
	return on_page(pagemap_scan_try);
}
