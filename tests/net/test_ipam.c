/* SPDX-License-Identifier: Apache-2.0 */
/* Reservations against host-local: its files as it writes them, and the plugin itself where it is installed.
 */
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <node-agent/net/netswitch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define HOST_LOCAL "/usr/lib/cni/host-local"
#define SANDBOX "0123456789abcdef\r\neth0"

struct ipam {
	char dir[64];
};

static int ipam_up(void **state)
{
	struct ipam *i = calloc(1, sizeof(*i));

	if (!i)
		return -1;
	snprintf(i->dir, sizeof(i->dir), "/tmp/escape-ipam-XXXXXX");
	if (!mkdtemp(i->dir))
		return -1;
	*state = i;
	return 0;
}

static int ipam_down(void **state)
{
	struct ipam *i = *state;

	io_remove_tree(i->dir);
	free(i);
	return 0;
}

static void put(const struct ipam *i, const char *network, const char *address, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", i->dir, network);
	assert_int_equal(io_mkdirs(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/%s/%s", i->dir, network, address);
	assert_int_equal(io_write_file_atomic(path, text, strlen(text), 0644), 0);
}

/* The file's text, or NULL. Caller frees. */
static char *get(const struct ipam *i, const char *network, const char *address)
{
	char path[160], *text;

	snprintf(path, sizeof(path), "%s/%s/%s", i->dir, network, address);
	return io_read_file(path, 4096, &text, NULL) < 0 ? NULL : text;
}

static bool is_there(const struct ipam *i, const char *network, const char *address)
{
	char *text = get(i, network, address);

	free(text);
	return text;
}

static bool belongs_to_sandbox(const struct ipam *i, const char *network, const char *address)
{
	char *text = get(i, network, address);
	bool yes = text && str_eq(text, SANDBOX);

	free(text);
	return yes;
}

static void reservation_changes_its_owner(void **state)
{
	const struct ipam *i = *state;
	char *text;

	put(i, "pods", "10.244.1.5", SANDBOX);
	put(i, "pods", "10.244.1.6", SANDBOX);
	put(i, "pods", "last_reserved_ip.0", "10.244.1.6");
	put(i, "v6", "fd00:1::5", SANDBOX);
	for (int n = 0; n < 2; n++) {
		assert_int_equal(net_ipam_reserve(i->dir, "10.244.1.5", "move-1", NULL), 0);
		assert_int_equal(net_ipam_reserve(i->dir, "fd00:1:0::5", "move-1", NULL), 0);
		text = get(i, "pods", "10.244.1.5");
		assert_non_null(text);
		assert_null(strstr(text, "0123456789abcdef"));
		assert_non_null(strstr(text, "move-1\r\n"));
		free(text);
		assert_false(belongs_to_sandbox(i, "v6", "fd00:1::5"));
		assert_true(belongs_to_sandbox(i, "pods", "10.244.1.6"));
	}
}

static void release_frees_only_what_is_still_ours(void **state)
{
	const struct ipam *i = *state;

	put(i, "pods", "10.244.1.5", SANDBOX);
	assert_int_equal(net_ipam_release(i->dir, "10.244.1.5", "move-1", NULL), 0);
	assert_true(is_there(i, "pods", "10.244.1.5"));
	assert_int_equal(net_ipam_reserve(i->dir, "10.244.1.5", "move-1", NULL), 0);
	assert_int_equal(net_ipam_release(i->dir, "10.244.1.5", "move-2", NULL), 0);
	assert_int_equal(net_ipam_release(i->dir, "10.244.1.5", "move", NULL), 0);
	assert_int_equal(net_ipam_release(i->dir, "10.244.1.5", "move-12", NULL), 0);
	assert_true(is_there(i, "pods", "10.244.1.5"));
	assert_int_equal(net_ipam_release(i->dir, "10.244.1.5", "move-1", NULL), 0);
	assert_false(is_there(i, "pods", "10.244.1.5"));
	assert_int_equal(net_ipam_release(i->dir, "10.244.1.5", "move-1", NULL), 0);
}

static void sweep_frees_ours_that_nobody_needs(void **state)
{
	static const char *const keep[] = {"10.244.1.6", "fd00:1:0:0::5"};
	static const char *const misspelt[] = {"10.244.1.6", "10.244.1."};
	const struct ipam *i = *state;
	struct err e;

	put(i, "pods", "10.244.1.5", SANDBOX);
	put(i, "pods", "10.244.1.6", SANDBOX);
	put(i, "pods", "10.244.1.7", SANDBOX);
	put(i, "v6", "fd00:1::5", SANDBOX);
	put(i, "pods", "last_reserved_ip.0", "escape:x\r\neth0");
	assert_int_equal(net_ipam_reserve(i->dir, "10.244.1.5", "a", NULL), 0);
	assert_int_equal(net_ipam_reserve(i->dir, "10.244.1.6", "b", NULL), 0);
	assert_int_equal(net_ipam_reserve(i->dir, "fd00:1::5", "c", NULL), 0);
	assert_int_equal(net_ipam_sweep(i->dir, misspelt, 2, &e), -EINVAL);
	assert_true(is_there(i, "pods", "10.244.1.5"));
	assert_int_equal(net_ipam_sweep(i->dir, keep, 2, NULL), 0);
	assert_false(is_there(i, "pods", "10.244.1.5"));
	assert_true(is_there(i, "pods", "10.244.1.6"));
	assert_true(belongs_to_sandbox(i, "pods", "10.244.1.7"));
	assert_true(is_there(i, "v6", "fd00:1::5"));
	assert_true(is_there(i, "pods", "last_reserved_ip.0"));
	assert_int_equal(net_ipam_sweep(i->dir, NULL, 0, NULL), 0);
	assert_false(is_there(i, "pods", "10.244.1.6"));
	assert_true(belongs_to_sandbox(i, "pods", "10.244.1.7"));
}

static void another_ipam_is_no_error(void **state)
{
	const struct ipam *i = *state;

	assert_int_equal(net_ipam_reserve("/nowhere/networks", "10.244.1.5", "a", NULL), 0);
	assert_int_equal(net_ipam_release("/nowhere/networks", "10.244.1.5", "a", NULL), 0);
	assert_int_equal(net_ipam_sweep("/nowhere/networks", NULL, 0, NULL), 0);
	put(i, "pods", "10.244.1.6", SANDBOX);
	assert_int_equal(net_ipam_reserve(i->dir, "10.244.1.5", "a", NULL), 0);
	assert_false(is_there(i, "pods", "10.244.1.5"));
}

static void bad_addresses_and_owners_are_refused(void **state)
{
	static const char *const addresses[] = {
		"", "../pods/10.244.1.5", "10.244.1.5/24", "lock", "10.244.1.5\n"};
	static const char *const owners[] = {"", "a\r\neth0", "a b"};
	const struct ipam *i = *state;
	struct err e;

	put(i, "pods", "10.244.1.5", SANDBOX);
	for (size_t n = 0; n < sizeof(addresses) / sizeof(addresses[0]); n++) {
		assert_int_equal(net_ipam_reserve(i->dir, addresses[n], "a", &e), -EINVAL);
		assert_string_equal(e.reason, "BadAddress");
	}
	for (size_t n = 0; n < sizeof(owners) / sizeof(owners[0]); n++) {
		assert_int_equal(net_ipam_reserve(i->dir, "10.244.1.5", owners[n], &e), -EINVAL);
		assert_string_equal(e.reason, "BadOwner");
	}
	assert_true(belongs_to_sandbox(i, "pods", "10.244.1.5"));
}

static void lock_of_the_plugin_is_respected(void **state)
{
	const struct ipam *i = *state;
	char path[160];
	struct err e;
	FILE *lock;

	put(i, "pods", "10.244.1.5", SANDBOX);
	snprintf(path, sizeof(path), "%s/pods/lock", i->dir);
	lock = fopen(path, "w");
	assert_non_null(lock);
	assert_int_equal(flock(fileno(lock), LOCK_EX), 0);
	assert_int_equal(net_ipam_reserve(i->dir, "10.244.1.5", "a", &e), -EBUSY);
	assert_true(belongs_to_sandbox(i, "pods", "10.244.1.5"));
	fclose(lock);
	assert_int_equal(net_ipam_reserve(i->dir, "10.244.1.5", "a", NULL), 0);
	assert_false(belongs_to_sandbox(i, "pods", "10.244.1.5"));
}

/* Runs the plugin; its output says which address it gave. */
static bool host_local(const struct ipam *i, const char *verb, const char *container, const char *address)
{
	char command[1024], line[256];
	bool found = false;
	FILE *f;

	snprintf(command, sizeof(command),
		"echo "
		"'{\"cniVersion\":\"1.0.0\",\"name\":\"pods\",\"type\":\"bridge\",\"ipam\":{\"type\":\"host-"
		"local\",\"dataDir\":\"%s\","
		"\"ranges\":[[{\"subnet\":\"10.244.1.0/29\"}]]}}' | CNI_COMMAND=%s CNI_CONTAINERID=%s "
		"CNI_NETNS=/proc/self/ns/net "
		"CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni " HOST_LOCAL " 2>&1",
		i->dir, verb, container);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, address) != NULL;
	pclose(f);
	return found;
}

/* Five addresses in the range (.2 to .6). The reserved one stays out of the game until it is released. */
static void plugin_does_not_hand_out_a_reserved_address(void **state)
{
	const struct ipam *i = *state;
	char name[16];

	if (access(HOST_LOCAL, X_OK) < 0)
		skip();
	assert_true(host_local(i, "ADD", "old", "10.244.1.2/29"));
	assert_int_equal(net_ipam_reserve(i->dir, "10.244.1.2", "move-1", NULL), 0);
	host_local(i, "DEL", "old", "");
	assert_true(is_there(i, "pods", "10.244.1.2"));
	for (int n = 0; n < 8; n++) {
		snprintf(name, sizeof(name), "new%d", n);
		assert_false(host_local(i, "ADD", name, "10.244.1.2/29"));
	}
	assert_true(is_there(i, "pods", "10.244.1.6"));
	assert_int_equal(net_ipam_release(i->dir, "10.244.1.2", "move-1", NULL), 0);
	assert_true(host_local(i, "ADD", "newer", "10.244.1.2/29"));
	host_local(i, "DEL", "newer", "");
	assert_false(is_there(i, "pods", "10.244.1.2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reservation_changes_its_owner, ipam_up, ipam_down),
		cmocka_unit_test_setup_teardown(release_frees_only_what_is_still_ours, ipam_up, ipam_down),
		cmocka_unit_test_setup_teardown(sweep_frees_ours_that_nobody_needs, ipam_up, ipam_down),
		cmocka_unit_test_setup_teardown(another_ipam_is_no_error, ipam_up, ipam_down),
		cmocka_unit_test_setup_teardown(bad_addresses_and_owners_are_refused, ipam_up, ipam_down),
		cmocka_unit_test_setup_teardown(lock_of_the_plugin_is_respected, ipam_up, ipam_down),
		cmocka_unit_test_setup_teardown(
			plugin_does_not_hand_out_a_reserved_address, ipam_up, ipam_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
