/* SPDX-License-Identifier: Apache-2.0 */
#include "ascending.h"

#include <base/base64.h>
#include <base/cleanup.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Version, k, and how many numbers there are, little-endian. */
#define HEAD 5
#define VERSION 1
#define K_MAX 62

struct bits_out {
	unsigned char *data;
	size_t n, cap; /* bits; bytes */
	bool failed;
};

static void bit_put(struct bits_out *b, unsigned bit)
{
	if (b->n / 8 == b->cap) {
		size_t cap = b->cap ? 2 * b->cap : 256;
		unsigned char *data = b->failed ? NULL : realloc(b->data, cap);

		if (!data) {
			b->failed = true;
			return;
		}
		memset(data + b->cap, 0, cap - b->cap);
		b->data = data;
		b->cap = cap;
	}
	b->data[b->n / 8] |= (unsigned char)(bit << b->n % 8);
	b->n++;
}

static void bits_put(struct bits_out *b, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		bit_put(b, v >> i & 1);
}

static unsigned log2_of(uint64_t v)
{
	return v ? 63 - (unsigned)__builtin_clzll(v) : 0;
}

/* The best k for gaps without a pattern is log2 of their mean times ln 2. */
static unsigned rice_k(const uint64_t *numbers, size_t n)
{
	uint64_t mean = numbers[n - 1] / n;

	return log2_of(mean - mean / 10 * 3);
}

static void rice_put(struct bits_out *b, uint64_t gap, unsigned k)
{
	for (uint64_t q = gap >> k; q && !b->failed; q--)
		bit_put(b, 1);
	bit_put(b, 0);
	bits_put(b, gap, k);
}

static void gamma_put(struct bits_out *b, uint32_t v)
{
	unsigned width = log2_of(v);

	for (unsigned i = 0; i < width; i++)
		bit_put(b, 0);
	bit_put(b, 1);
	bits_put(b, v, width);
}

char *ascending_encode(const uint64_t *numbers, const uint32_t *counts, size_t n)
{
	struct bits_out b = {0};
	unsigned k = n ? rice_k(numbers, n) : 0;
	char *text;

	if (!n)
		return strdup("");
	bits_put(&b, VERSION, 8);
	bits_put(&b, k, 8);
	bits_put(&b, n, 24);
	for (size_t i = 0; i < n && !b.failed; i++)
		rice_put(&b, i ? numbers[i] - numbers[i - 1] - 1 : numbers[0], k);
	for (size_t i = 0; counts && i < n && !b.failed; i++)
		gamma_put(&b, counts[i]);
	text = b.failed ? NULL : base64_encode(b.data, (b.n + 7) / 8);
	free(b.data);
	return text;
}

struct bits_in {
	const unsigned char *data;
	size_t at, n; /* bits */
	bool failed;  /* more was asked for than there is */
};

static unsigned bit_take(struct bits_in *b)
{
	unsigned bit;

	if (b->at >= b->n) {
		b->failed = true;
		return 0;
	}
	bit = b->data[b->at / 8] >> b->at % 8 & 1;
	b->at++;
	return bit;
}

static uint64_t bits_take(struct bits_in *b, unsigned width)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < width; i++)
		v |= (uint64_t)bit_take(b) << i;
	return v;
}

/* Numbers at or above limit make it fail. */
static uint64_t rice_take(struct bits_in *b, unsigned k, uint64_t limit)
{
	uint64_t q = 0;

	while (bit_take(b) && q <= limit >> k)
		q++;
	b->failed |= q > limit >> k;
	return b->failed ? 0 : q << k | bits_take(b, k);
}

static uint32_t gamma_take(struct bits_in *b)
{
	unsigned width = 0;

	while (!bit_take(b) && !b->failed && width < 32)
		width++;
	b->failed |= width >= 32;
	return b->failed ? 0 : (uint32_t)(UINT64_C(1) << width | bits_take(b, width));
}

static int numbers_take(struct bits_in *b, uint64_t limit, unsigned k, uint64_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t least = i ? numbers[i - 1] + 1 : 0, gap = rice_take(b, k, limit);

		if (b->failed || least >= limit || gap >= limit - least)
			return -EINVAL;
		numbers[i] = least + gap;
	}
	return 0;
}

/* Nothing but the zero bits that fill the last byte. */
static bool is_over(struct bits_in *b)
{
	if (b->failed || b->n - b->at >= 8)
		return false;
	while (b->at < b->n)
		if (bit_take(b))
			return false;
	return true;
}

static int set_take(
	struct bits_in *b, uint64_t limit, size_t max, uint64_t **ret, uint32_t **ret_counts, size_t *ret_n)
{
	auto_free uint64_t *numbers = NULL;
	auto_free uint32_t *counts = NULL;
	uint64_t version = bits_take(b, 8), k = bits_take(b, 8), n = bits_take(b, 24);
	int rc;

	if (b->failed || version != VERSION || k > K_MAX || !n)
		return -EINVAL;
	if (n > max)
		return -E2BIG;
	numbers = calloc(n, sizeof(*numbers));
	counts = ret_counts ? calloc(n, sizeof(*counts)) : NULL;
	if (!numbers || (ret_counts && !counts))
		return -ENOMEM;
	rc = numbers_take(b, limit, (unsigned)k, numbers, n);
	for (size_t i = 0; counts && i < n; i++)
		counts[i] = gamma_take(b);
	if (rc || !is_over(b))
		return -EINVAL;
	*ret = TAKE_PTR(numbers);
	if (ret_counts)
		*ret_counts = TAKE_PTR(counts);
	*ret_n = n;
	return 0;
}

int ascending_decode(
	const char *text, uint64_t limit, size_t max, uint64_t **ret, uint32_t **ret_counts, size_t *ret_n)
{
	auto_free char *raw = NULL;
	size_t len = 0;
	int rc = base64_decode(text, &raw, &len);
	struct bits_in b = {.n = len * 8};

	if (rc)
		return rc;
	b.data = (const unsigned char *)raw;
	if (len)
		return set_take(&b, limit, max, ret, ret_counts, ret_n);
	*ret = NULL;
	if (ret_counts)
		*ret_counts = NULL;
	*ret_n = 0;
	return 0;
}
