# SPDX-License-Identifier: Apache-2.0
"""What an intruder tries in order to leave the container. Nothing is written: what must not succeed would do no harm."""
KIND = "container-escape attempts"
QUIET = False
SERVICES = dict.fromkeys(("nginx", "python", "ftp", "postgres"))


def attack(t):
    out = t.run(
        "id; ls -la /var/run/docker.sock /run/containerd /proc/1/root; mkdir -p /tmp/cg && mount -t cgroup -o memory cgroup /tmp/cg; "
        "unshare -m true; nsenter -t 1 -m -u -n -i id; mknod /tmp/disk b 254 0 && head -c 16 /tmp/disk | wc -c; "
        "true >>/proc/sys/kernel/core_pattern; true >>/sys/kernel/uevent_helper; head -2 /proc/kallsyms; grep Cap /proc/self/status; "
        "cat /proc/self/mountinfo | head -5; ls /sys/kernel/debug; chroot /proc/1/root id; echo ENDED"
    )
    return out.replace("\n", " ")[:80] if "uid=" in out and "ENDED" in out else ""
