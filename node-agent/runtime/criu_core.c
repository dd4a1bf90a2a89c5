/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/criu_core.h"

#include <stdint.h>

/* Two magic numbers and the size of the message that follows. */
#define HEADER 12
/* Numbers in CRIU's core.proto: core_entry.tc, task_core_entry.task_state, and a value of it. */
#define FIELD_TASK 3
#define FIELD_TASK_STATE 1
#define TASK_STOPPED 3

enum wire { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

struct span {
	const uint8_t *at, *end;
};

static bool take_varint(struct span *s, uint64_t *ret)
{
	*ret = 0;
	for (int shift = 0; s->at < s->end && shift < 64; shift += 7) {
		uint8_t byte = *s->at++;
		*ret |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* A varint's value, or the length of what follows it. */
static bool take_field(struct span *s, uint64_t *ret_key, uint64_t *ret_value)
{
	if (!take_varint(s, ret_key))
		return false;
	switch (*ret_key & 7) {
	case WIRE_VARINT:
		return take_varint(s, ret_value);
	case WIRE_BYTES:
		return take_varint(s, ret_value) && *ret_value <= (uint64_t)(s->end - s->at);
	case WIRE_64:
	case WIRE_32:
		*ret_value = (*ret_key & 7) == WIRE_64 ? 8 : 4;
		return *ret_value <= (uint64_t)(s->end - s->at);
	default:
		return false;
	}
}

static bool find(struct span s, unsigned int number, enum wire wire, struct span *ret, uint64_t *ret_value)
{
	uint64_t key;

	while (take_field(&s, &key, ret_value)) {
		size_t skip = (key & 7) == WIRE_VARINT ? 0 : (size_t)*ret_value;
		if (key == ((uint64_t)number << 3 | wire)) {
			*ret = (struct span){s.at, s.at + skip};
			return true;
		}
		s.at += skip;
	}
	return false;
}

bool criu_core_is_stopped(const void *image, size_t len)
{
	struct span all = {(const uint8_t *)image + HEADER, (const uint8_t *)image + len}, task, state;
	uint64_t value;

	return len > HEADER && find(all, FIELD_TASK, WIRE_BYTES, &task, &value) &&
	       find(task, FIELD_TASK_STATE, WIRE_VARINT, &state, &value) && value == TASK_STOPPED;
}
