/* SPDX-License-Identifier: Apache-2.0 */
#include "netlab.h"

#include <arpa/inet.h>
#include <base/buf.h>
#include <base/io.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

/* A process that holds a fresh network namespace; it has it when this returns. */
static pid_t holder(void)
{
	int pair[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) < 0 || write(pair[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pair[1]);
	assert_int_equal(read(pair[0], &byte, 1), 1);
	close(pair[0]);
	return pid;
}

void netlab_need(void)
{
	int home = open("/proc/self/ns/net", O_RDONLY);

	if (geteuid() == 0 && home >= 0 && unshare(CLONE_NEWNET) == 0 &&
		system("ip link add name probe0 type bridge && ip link add probe1 type veth peer name probe2 "
		       "&& ip link del probe0") == 0 &&
		setns(home, CLONE_NEWNET) == 0) {
		close(home);
		return;
	}
	fprintf(stderr, "skipped: needs root, iproute2, network namespaces, veth and bridge\n");
	exit(77);
}

void netlab_stand(const struct netlab *l, enum netlab_place at)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", l->pid[at]);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(setns(fd, CLONE_NEWNET), 0);
	close(fd);
}

/* Runs code in a place and comes back to where the thread stood. */
static int stand_for(const struct netlab *l, enum netlab_place at)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY);

	assert_true(home >= 0);
	netlab_stand(l, at);
	return home;
}

static void stand_back(int home)
{
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	close(home);
}

char *netlab_read(const struct netlab *l, enum netlab_place at, const char *fmt, ...)
{
	struct buf out = BUF_INIT(1 << 20);
	char command[512], chunk[512];
	int home = stand_for(l, at);
	va_list args;
	size_t n;
	FILE *f;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	f = popen(command, "r");
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		assert_int_equal(buf_add(&out, chunk, n), 0);
	if (pclose(f) != 0)
		fail_msg("failed: %s", command);
	stand_back(home);
	assert_int_equal(buf_adds(&out, ""), 0);
	return out.data;
}

void netlab_run(const struct netlab *l, enum netlab_place at, const char *fmt, ...)
{
	char command[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	free(netlab_read(l, at, "%s", command));
}

static void node_make(const struct netlab *l, enum netlab_place at, int host, int net)
{
	int home = stand_for(l, at);

	assert_int_equal(io_write_knob("/proc/sys/net/ipv4/ip_forward", "1"), 0);
	assert_int_equal(io_write_knob("/proc/sys/net/ipv6/conf/all/forwarding", "1"), 0);
	stand_back(home);
	netlab_run(l, LAN,
		"ip link add node%d type veth peer name eth0 netns %d && ip link set node%d master br0 up",
		net, l->pid[at], net);
	netlab_run(l, at,
		"ip link set lo up; ip addr add 10.88.0.%d/24 dev eth0; ip addr add fd00:88::%d/64 dev eth0 "
		"nodad",
		host, host);
	netlab_run(l, at, "ip link set eth0 up; ip link add cni0 type bridge; ip link set cni0 up");
	netlab_run(l, at, "ip addr add 10.244.%d.1/24 dev cni0; ip addr add fd00:%d::1/64 dev cni0 nodad",
		net, net);
}

static void pod_make(const struct netlab *l, enum netlab_place node, enum netlab_place pod, int net, int host)
{
	netlab_run(l, node,
		"ip link add veth%d type veth peer name eth0 netns %d && ip link set veth%d master cni0 up",
		host, l->pid[pod], host);
	netlab_run(l, pod,
		"ip link set lo up; ip addr add 10.244.%d.%d/24 dev eth0; ip addr add fd00:%d::%d/64 dev "
		"eth0 nodad",
		net, host, net, host);
	netlab_run(l, pod,
		"ip link set eth0 up; ip route add default via 10.244.%d.1; ip route add default via "
		"fd00:%d::1",
		net, net);
}

int netlab_up(void **state)
{
	struct netlab *l = calloc(1, sizeof(*l));

	if (!l)
		return -1;
	for (int i = 0; i < NETLAB_PLACES; i++)
		l->pid[i] = holder();
	netlab_run(l, LAN, "ip link add br0 type bridge && ip link set br0 up");
	node_make(l, NODE_A, 2, 1);
	node_make(l, NODE_B, 3, 2);
	netlab_run(l, NODE_A,
		"ip route add 10.244.2.0/24 via 10.88.0.3 && ip route add fd00:2::/64 via fd00:88::3");
	netlab_run(l, NODE_B,
		"ip route add 10.244.1.0/24 via 10.88.0.2 && ip route add fd00:1::/64 via fd00:88::2");
	pod_make(l, NODE_A, POD_A1, 1, 5);
	pod_make(l, NODE_A, POD_A2, 1, 6);
	pod_make(l, NODE_B, POD_B1, 2, 5);
	netlab_stand(l, NODE_A);
	*state = l;
	return 0;
}

int netlab_down(void **state)
{
	struct netlab *l = *state;

	for (int i = 0; i < NETLAB_PLACES; i++) {
		kill(l->pid[i], SIGKILL);
		waitpid(l->pid[i], NULL, 0);
	}
	free(l);
	return 0;
}

static struct sockaddr_in to_sockaddr(const char *address, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (address)
		assert_int_equal(inet_pton(AF_INET, address, &a.sin_addr), 1);
	return a;
}

static int socket_in(const struct netlab *l, enum netlab_place at, int type)
{
	int home = stand_for(l, at), fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	stand_back(home);
	return fd;
}

int netlab_listen(const struct netlab *l, enum netlab_place at, const char *address, uint16_t port)
{
	struct sockaddr_in a = to_sockaddr(address, port);
	int fd = socket_in(l, at, SOCK_STREAM);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

int netlab_connect(const struct netlab *l, enum netlab_place at, const char *address, uint16_t port)
{
	struct sockaddr_in a = to_sockaddr(address, port);
	int fd = socket_in(l, at, SOCK_STREAM);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

int netlab_udp(const struct netlab *l, enum netlab_place at, const char *address, uint16_t port)
{
	struct sockaddr_in a = to_sockaddr(address, port);
	int fd = socket_in(l, at, SOCK_DGRAM);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

int netlab_packet(const struct netlab *l, enum netlab_place at, const char *device, uint16_t protocol)
{
	int home = stand_for(l, at), fd = socket(AF_PACKET, SOCK_DGRAM, htons(protocol));
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};

	a.sll_ifindex = (int)if_nametoindex(device);
	assert_true(fd >= 0 && a.sll_ifindex > 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	stand_back(home);
	return fd;
}
