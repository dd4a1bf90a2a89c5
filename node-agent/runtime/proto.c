/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/proto.h"

#include <errno.h>
#include <string.h>

#include <base/cleanup.h>

#define IN(state) (1u << (state))

static const struct {
	const char *name;
	unsigned int states; /* in which it can be carried out */
	bool needs_dir;
	bool needs_id;
} verbs[] = {
	[KEEPER_STATUS] = {"Status", ~0u, false, false},
	[KEEPER_WATCH] = {"Watch", ~0u, false, false},
	[KEEPER_START] = {"Start", IN(KEEPER_CREATED), false, false},
	[KEEPER_SNAPSHOT] = {"Snapshot", IN(KEEPER_RUNNING) | IN(KEEPER_FROZEN), true, true},
	[KEEPER_RESTORE] = {"Restore", IN(KEEPER_HELD) | IN(KEEPER_RUNNING) | IN(KEEPER_FROZEN), true, true},
	[KEEPER_RELEASE] = {"Release", IN(KEEPER_HELD), false, true},
	[KEEPER_SKIP] = {"Skip", IN(KEEPER_HELD), false, true},
	[KEEPER_REFUSE] = {"Refuse", IN(KEEPER_HELD), false, true},
	[KEEPER_FREEZE] = {"Freeze", IN(KEEPER_RUNNING) | IN(KEEPER_FROZEN), false, false},
	[KEEPER_THAW] = {"Thaw", IN(KEEPER_RUNNING) | IN(KEEPER_FROZEN), false, false},
	[KEEPER_KILL] = {"Kill", IN(KEEPER_RUNNING) | IN(KEEPER_FROZEN), false, false},
};

static const char *const states[] = {
	[KEEPER_CREATED] = "Created",
	[KEEPER_HELD] = "Held",
	[KEEPER_RUNNING] = "Running",
	[KEEPER_FROZEN] = "Frozen",
	[KEEPER_BUSY] = "Busy",
	[KEEPER_ENDED] = "Ended",
};

static bool ends_within(const char *s, size_t size)
{
	return memchr(s, 0, size) != NULL;
}
#define ENDS(array) ends_within((array), sizeof(array))

static int check_head(uint32_t magic, uint32_t version, uint32_t size, size_t want, struct err *e)
{
	if (magic != KEEPER_MAGIC)
		return err_set(e, -EPROTO, "BadMessage", "not a keeper message");
	if (version != KEEPER_VERSION)
		return err_set(e, -EPROTO, "BadVersion", "keeper protocol version %u, this side speaks %u",
			version, KEEPER_VERSION);
	if (size != want)
		return err_set(
			e, -EPROTO, "BadMessage", "keeper message says it has %u bytes, not %zu", size, want);
	return 0;
}

static int check_order_fields(const struct keeper_order *o, struct err *e)
{
	const uint32_t known = KEEPER_F_KEEP_FROZEN | KEEPER_F_TCP_ESTABLISHED | KEEPER_F_NET_LOCKED;

	if (o->verb == 0 || o->verb >= ARRAY_LEN(verbs))
		return err_set(e, -EPROTO, "BadMessage", "unknown verb %u", o->verb);
	if (o->seq == 0)
		return err_set(e, -EPROTO, "BadMessage", "an order needs a seq other than 0");
	if (o->flags & ~known)
		return err_set(e, -EPROTO, "BadMessage", "unknown flags 0x%x", o->flags & ~known);
	if (!ENDS(o->pod_uid) || !ENDS(o->dir) || !ENDS(o->text))
		return err_set(e, -EPROTO, "BadMessage", "a string does not end within its field");
	if (verbs[o->verb].needs_id && o->order_id == 0)
		return err_set(e, -EPROTO, "BadMessage", "%s needs an order id", verbs[o->verb].name);
	if (verbs[o->verb].needs_dir && !proto_path_ok(o->dir))
		return err_set(e, -EPROTO, "BadMessage", "%s needs an absolute directory without \"..\"",
			verbs[o->verb].name);
	return 0;
}

int proto_check_order(const void *message, size_t len, struct keeper_order *ret, struct err *e)
{
	struct keeper_order o;

	if (len != sizeof(o))
		return err_set(e, -EPROTO, "BadMessage", "an order has %zu bytes, not %zu", sizeof(o), len);
	memcpy(&o, message, sizeof(o));
	int r = check_head(o.magic, o.version, o.size, sizeof(o), e);
	if (!r)
		r = check_order_fields(&o, e);
	if (!r)
		*ret = o;
	return r;
}

int proto_check_reply(const void *message, size_t len, struct keeper_reply *ret, struct err *e)
{
	struct keeper_reply m;

	if (len != sizeof(m))
		return err_set(e, -EPROTO, "BadMessage", "a reply has %zu bytes, not %zu", sizeof(m), len);
	memcpy(&m, message, sizeof(m));
	int r = check_head(m.magic, m.version, m.size, sizeof(m), e);
	if (r)
		return r;
	if (m.state == 0 || m.state >= ARRAY_LEN(states))
		return err_set(e, -EPROTO, "BadMessage", "unknown state %u", m.state);
	if (!ENDS(m.container_id) || !ENDS(m.pod_namespace) || !ENDS(m.pod_name) || !ENDS(m.pod_uid) ||
		!ENDS(m.container) || !ENDS(m.image) || !ENDS(m.escape) || !ENDS(m.reason) ||
		!ENDS(m.message))
		return err_set(e, -EPROTO, "BadMessage", "a string does not end within its field");
	*ret = m;
	return 0;
}

bool proto_path_ok(const char *path)
{
	const char *p = path;

	if (*p != '/' || !p[1])
		return false;
	while (*p) {
		size_t len = strcspn(++p, "/");
		if (len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		for (size_t i = 0; i < len; i++) {
			if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
				return false;
		}
		p += len;
	}
	return true;
}

bool proto_verb_allowed(enum keeper_verb verb, enum keeper_state state)
{
	return verb < ARRAY_LEN(verbs) && (verbs[verb].states & IN(state));
}

const char *proto_state_name(enum keeper_state state)
{
	return state < ARRAY_LEN(states) && states[state] ? states[state] : "unknown";
}

const char *proto_verb_name(enum keeper_verb verb)
{
	return verb < ARRAY_LEN(verbs) && verbs[verb].name ? verbs[verb].name : "unknown";
}
