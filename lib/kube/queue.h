/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work queue with de-duplication: a key waiting is not added twice; a key added while it is being worked on
 * is worked on once more afterwards; a failed key comes again after a back-off of its own. One key is never
 * worked on twice at the same time.
 */
#ifndef ESCAPE_KUBE_QUEUE_H
#define ESCAPE_KUBE_QUEUE_H

#include <loop/loop.h>

struct kube_queue;
/* Work on key (borrowed); must end, now or later, with exactly one kube_queue_done for it. */
typedef void (*kube_queue_work)(void *arg, const char *key);

int kube_queue_new(struct loop *l, uint32_t base_ms, uint32_t max_ms, unsigned max_parallel,
	kube_queue_work work, void *arg, struct kube_queue **ret);
void kube_queue_free(struct kube_queue *q);
int kube_queue_add(struct kube_queue *q, const char *key);
int kube_queue_add_after(struct kube_queue *q, const char *key, uint64_t after_ms);
void kube_queue_done(struct kube_queue *q, const char *key, bool ok);
size_t kube_queue_depth(const struct kube_queue *q);

#endif
