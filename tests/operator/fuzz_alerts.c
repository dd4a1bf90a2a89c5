/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request of a foreign detector: what is taken fits into a NodeVerdict. */
#include "operator/foreign/accept.h"
#include "operator/foreign/token.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1800000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
	if (!ok)
		abort();
}

static bool is_clean(const char *s)
{
	for (size_t n; *s; s += n) {
		n = str_utf8_len(s, strlen(s), NULL);
		if (!n || (unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	}
	return true;
}

static void one(struct foreign_intake *f, const struct json *event)
{
	enum verdict_source source;
	struct foreign_report r;
	struct err e = {0};

	if (!foreign_read(event, &r, &e)) {
		need(*r.rule && is_clean(r.rule) && is_clean(r.message));
		need(!*r.node || str_is_dns_name(r.node, true));
		need(!*r.pod == !*r.namespace_);
	}
	if (foreign_take(f, event, NOW, &source, &e) == FOREIGN_REFUSED)
		need(*e.message);
}

static void as_authorization(const uint8_t *data, size_t size)
{
	char text[512];
	size_t n = size < sizeof(text) - 1 ? size : sizeof(text) - 1;

	memcpy(text, data, n);
	text[n] = '\0';
	need(!token_matches(text, "0123456789abcdef0123456789abcdef"));
	need(!token_matches(text, ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct foreign_thresholds ALL = {PRIORITY_CRITICAL, PRIORITY_DEBUG};
	auto_json struct json *j = NULL, *node = NULL;
	struct foreign_intake f;
	struct world w = {0};

	as_authorization(data, size);
	if (json_parse((const char *)data, size, FOREIGN_BODY_MAX, &j, NULL))
		return 0;
	need(!json_parse("{\"metadata\":{\"name\":\"node-a\"}}", 30, 100, &node, NULL));
	need(!world_put_node(&w, node, NULL));
	foreign_intake_init(&f, &w, &ALL);
	one(&f, j);
	json_foreach(event, j)
	{
		one(&f, event);
	}
	foreign_intake_free(&f);
	world_free(&w);
	return 0;
}
