# SPDX-License-Identifier: Apache-2.0
"""What an intruder tries in order to become root: set-id programs, sudo, su, a user namespace, writable system files."""
KIND = "privilege-escalation attempts"
QUIET = False
SERVICES = dict.fromkeys(("postgres", "nginx", "node", "ftp"))


def attack(t):
    out = t.run(
        "id; sudo -n true; su root -c id </dev/null; find / -xdev -perm -4000 2>/dev/null; unshare -Ur id; "
        "for f in /etc/passwd /etc/shadow /etc/sudoers; do test -w $f && echo writable $f; done; setpriv --reuid 0 id; "
        "chroot / id; nice -n -10 true; mount -t tmpfs none /mnt; cat /proc/sys/kernel/yama/ptrace_scope; dmesg | head -1; echo ENDED"
    )
    return out.replace("\n", " ")[:80] if "uid=" in out and "ENDED" in out else ""
