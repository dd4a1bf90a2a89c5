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

static int reserve_for(const char *file, const char *owner)
{
	auto_free char *text = str_dup_fmt(OWNER_PREFIX "%s\r\n" POD_DEVICE, owner);

	if (!text)
		return -ENOMEM;
	if (access(file, F_OK) < 0)
		return errno == ENOENT ? 0 : -errno;
	return io_write_file_atomic(file, text, strlen(text), 0600);
}

static int release_of(const char *file, const char *owner)
{
	if (!is_ours(file, owner))
		return 0;
	return unlink(file) < 0 && errno != ENOENT ? -errno : 0;
}

typedef int (*network_visit)(const char *network, void *arg, struct err *e);

/* Ends with the first that returns other than 0, and with that. */
static int networks_each(const char *dir, network_visit visit, void *arg, struct err *e)
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
		r = network ? visit(network, arg, e)
			    : err_set(e, -ENOMEM, "OutOfMemory", "no memory for a path");
		if (r)
			return r;
	}
	return 0;
}

struct reservation {
	const struct net_ip *ip;
	const char *owner;
	int (*change)(const char *file, const char *owner);
};

/* Under the network's lock, where the address is reserved in it. */
static int reservation_change(const char *network, void *arg, struct err *e)
{
	const struct reservation *x = arg;
	auto_free char *file = str_dup_fmt("%s/%s", network, x->ip->text);
	auto_close int lock = -1;
	int r;

	if (!file)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a path");
	if (access(file, F_OK) < 0)
		return 0;
	lock = network_lock(network);
	r = lock < 0 ? lock : x->change(file, x->owner);
	return r < 0 ? err_set(e, r, "IpamRefused", "%s: %s", file, strerror(-r)) : 0;
}

static int reservations_change(const char *dir, const char *address, const char *owner,
	int (*change)(const char *file, const char *owner), struct err *e)
{
	struct net_ip ip;
	struct reservation x = {.ip = &ip, .owner = owner, .change = change};
	int r = net_ip_parse(address, &ip, e);

	if (r == 0)
		r = owner_check(owner, e);
	return r < 0 ? r : networks_each(dir, reservation_change, &x, e);
}

int net_ipam_reserve(const char *dir, const char *address, const char *owner, struct err *e)
{
	return reservations_change(dir, address, owner, reserve_for, e);
}

int net_ipam_release(const char *dir, const char *address, const char *owner, struct err *e)
{
	return reservations_change(dir, address, owner, release_of, e);
}

struct kept {
	const struct net_ip *list;
	size_t n;
};

static bool is_kept(const struct net_ip *ip, const struct kept *keep)
{
	for (size_t i = 0; i < keep->n; i++)
		if (str_eq(keep->list[i].text, ip->text))
			return true;
	return false;
}

static int sweep_network(const char *network, void *keep, struct err *e)
{
	auto_closedir DIR *d = opendir(network);
	auto_close int lock = -1;
	struct dirent *entry;

	if (!d) /* a file beside the networks, or gone */
		return 0;
	while ((entry = readdir(d))) {
		auto_free char *file = NULL;
		struct net_ip ip;

		if (net_ip_parse(entry->d_name, &ip, NULL) < 0 || is_kept(&ip, keep))
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

int net_ipam_sweep(const char *dir, const char *const *keep, size_t n, struct err *e)
{
	struct net_ip *ips = calloc(n + 1, sizeof(*ips));
	struct kept kept = {ips, n};
	int r = ips ? 0 : err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu addresses", n);

	/* All are parsed before one is freed: an address that is misspelt here is an address in use. */
	for (size_t i = 0; r == 0 && i < n; i++)
		r = net_ip_parse(keep[i], &ips[i], e);
	if (r == 0)
		r = networks_each(dir, sweep_network, &kept, e);
	free(ips);
	return r;
}
