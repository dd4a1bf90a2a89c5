/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host-local keeps one file per address, named by it, in DIR/NETWORK/: the first line is the sandbox's id.
 * DEL removes the files whose id is its own; so an address with another owner stays reserved. All changes are
 * made under host-local's own lock file.
 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#define OWNER_PREFIX "escape:"
#define RESERVATION_MAX 4096
#define LOCK_TRIES                                                                                           \
	400 /* of 5 ms: flock has no deadline of its own, and a stuck plugin must not hold the agent */

static int owner_check(const char *owner, struct err *e)
{
	if (owner && *owner && strlen(owner) <= 128 &&
		!owner[strspn(owner, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/")])
		return 0;
	return err_set(e, -EINVAL, "BadOwner", "'%s' cannot own an address", owner ? owner : "");
}

/* Opens DIR/NETWORK/lock as host-local does and holds it; closing releases. */
static int network_lock(const char *network)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	auto_close int fd = -1;
	auto_free char *path = str_dup_fmt("%s/lock", network);

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return TAKE_FD(fd);
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

/* owner NULL: any owner of ours. */
static bool is_ours(const char *file, const char *owner)
{
	auto_free char *text = NULL;
	const char *name;

	if (io_read_file(file, RESERVATION_MAX, &text, NULL) < 0 || !str_starts(text, OWNER_PREFIX))
		return false;
	text[strcspn(text, "\r\n")] = 0;
	name = text + strlen(OWNER_PREFIX);
	return !owner || str_eq(name, owner);
}

static int reserve_in(const char *network, const char *file, void *arg)
{
	auto_free char *text = str_dup_fmt(OWNER_PREFIX "%s\r\n" POD_DEVICE, (const char *)arg);

	(void)network;
	if (!text)
		return -ENOMEM;
	if (access(file, F_OK) < 0)
		return errno == ENOENT ? 0 : -errno;
	return io_write_file_atomic(file, text, strlen(text), 0600);
}

static int release_in(const char *network, const char *file, void *arg)
{
	(void)network;
	if (!is_ours(file, arg))
		return 0;
	return unlink(file) < 0 && errno != ENOENT ? -errno : 0;
}

typedef int (*network_fn)(const char *network, const char *file, void *arg);

/* Calls fn under the network's lock for each network in which the address is reserved. */
static int networks_with(const char *dir, const struct net_ip *ip, network_fn fn, void *arg, struct err *e)
{
	auto_closedir DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0
				       : err_set(e, -errno, "IpamUnreadable", "cannot read %s: %s", dir,
						 strerror(errno));
	while ((entry = readdir(d))) {
		auto_free char *network = NULL, *file = NULL;
		auto_close int lock = -1;
		int r;

		if (entry->d_name[0] == '.')
			continue;
		network = str_dup_fmt("%s/%s", dir, entry->d_name);
		file = str_dup_fmt("%s/%s/%s", dir, entry->d_name, ip->text);
		if (!network || !file)
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a path");
		if (access(file, F_OK) < 0)
			continue;
		lock = network_lock(network);
		r = lock < 0 ? lock : fn(network, file, arg);
		if (r < 0)
			return err_set(e, r, "IpamRefused", "%s: %s", file, strerror(-r));
	}
	return 0;
}

int net_ipam_reserve(const char *dir, const char *address, const char *owner, struct err *e)
{
	struct net_ip ip;
	int r = net_ip_parse(address, &ip, e);

	if (r == 0)
		r = owner_check(owner, e);
	return r < 0 ? r : networks_with(dir, &ip, reserve_in, (void *)owner, e);
}

int net_ipam_release(const char *dir, const char *address, const char *owner, struct err *e)
{
	struct net_ip ip;
	int r = net_ip_parse(address, &ip, e);

	if (r == 0)
		r = owner_check(owner, e);
	return r < 0 ? r : networks_with(dir, &ip, release_in, (void *)owner, e);
}

static bool is_kept(const struct net_ip *ip, const struct net_ip *keep, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(keep[i].text, ip->text))
			return true;
	return false;
}

static int sweep_network(const char *network, const struct net_ip *keep, size_t n, struct err *e)
{
	auto_closedir DIR *d = opendir(network);
	auto_close int lock = -1;
	struct dirent *entry;

	if (!d) /* a file beside the networks, or gone */
		return 0;
	while ((entry = readdir(d))) {
		auto_free char *file = NULL;
		struct net_ip ip;

		if (net_ip_parse(entry->d_name, &ip, NULL) < 0 || is_kept(&ip, keep, n))
			continue;
		file = str_dup_fmt("%s/%s", network, entry->d_name);
		if (!file)
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a path");
		if (!is_ours(file, NULL))
			continue;
		if (lock < 0)
			lock = network_lock(network);
		if (lock < 0)
			return err_set(
				e, lock, "IpamRefused", "cannot lock %s: %s", network, strerror(-lock));
		if (is_ours(file, NULL) && unlink(file) < 0 && errno != ENOENT)
			return err_set(e, -errno, "IpamRefused", "cannot free %s: %s", file, strerror(errno));
	}
	return 0;
}

static int sweep_networks(const char *dir, const struct net_ip *keep, size_t n, struct err *e)
{
	auto_closedir DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0
				       : err_set(e, -errno, "IpamUnreadable", "cannot read %s: %s", dir,
						 strerror(errno));
	while ((entry = readdir(d))) {
		auto_free char *network = NULL;
		int r;

		if (entry->d_name[0] == '.')
			continue;
		network = str_dup_fmt("%s/%s", dir, entry->d_name);
		r = network ? sweep_network(network, keep, n, e)
			    : err_set(e, -ENOMEM, "OutOfMemory", "no memory for a path");
		if (r < 0)
			return r;
	}
	return 0;
}

int net_ipam_sweep(const char *dir, const char *const *keep, size_t n, struct err *e)
{
	struct net_ip *ips = calloc(n + 1, sizeof(*ips));
	int r = ips ? 0 : err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu addresses", n);

	/* All are parsed before one is freed: an address that is misspelt here is an address in use. */
	for (size_t i = 0; r == 0 && i < n; i++)
		r = net_ip_parse(keep[i], &ips[i], e);
	if (r == 0)
		r = sweep_networks(dir, ips, n, e);
	free(ips);
	return r;
}
