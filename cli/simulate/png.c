/* SPDX-License-Identifier: Apache-2.0 */
#include "png.h"

#include <base/cleanup.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

static void number_add(struct buf *out, uint32_t n)
{
	n = htobe32(n);
	buf_add(out, &n, sizeof(n));
}

static void chunk_add(struct buf *out, const char *type, const void *data, uint32_t len)
{
	uLong crc = crc32(0, (const Bytef *)type, 4);

	if (len)
		crc = crc32(crc, data, len);
	number_add(out, len);
	buf_add(out, type, 4);
	if (len)
		buf_add(out, data, len);
	number_add(out, (uint32_t)crc);
}

static void header_add(struct buf *out, uint32_t width, uint32_t height)
{
	/* Eight bits, grey, and the only compression, filter and order there are. */
	unsigned char header[13] = {[8] = 8};

	width = htobe32(width);
	height = htobe32(height);
	memcpy(header, &width, 4);
	memcpy(header + 4, &height, 4);
	chunk_add(out, "IHDR", header, sizeof(header));
}

/* Each line has in front how it is filtered: not at all. */
static int data_add(const unsigned char *pixels, size_t width, size_t height, struct buf *out)
{
	size_t size = (width + 1) * height;
	uLongf packed_size = compressBound(size);
	auto_free unsigned char *lines = calloc(1, size), *packed = malloc(packed_size);

	if (!lines || !packed)
		return -ENOMEM;
	for (size_t y = 0; y < height; y++)
		memcpy(lines + y * (width + 1) + 1, pixels + y * width, width);
	if (compress2(packed, &packed_size, lines, size, Z_BEST_COMPRESSION) != Z_OK)
		return -ENOMEM;
	chunk_add(out, "IDAT", packed, (uint32_t)packed_size);
	return 0;
}

int png_add_gray(const unsigned char *pixels, uint32_t width, uint32_t height, struct buf *out)
{
	buf_add(out, "\x89PNG\r\n\x1a\n", 8);
	header_add(out, width, height);
	if (data_add(pixels, width, height, out))
		return -ENOMEM;
	chunk_add(out, "IEND", NULL, 0);
	return out->failed ? -ENOMEM : 0;
}
