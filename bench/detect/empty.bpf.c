/* SPDX-License-Identifier: GPL-2.0 */
/* The least that any observer of system calls costs: a program that does nothing. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sys_enter")
int nothing(void *ctx)
{
	(void)ctx;
	return 0;
}
