# SPDX-License-Identifier: Apache-2.0
"""One short command in ten seconds, between the users' requests."""
import time

KIND = "slow shell: a command in 10 s"
QUIET = True
SERVICES = dict.fromkeys(("nginx", "python"))


def attack(t):
    first = t.run("id")
    for command in ("pwd", "ls", "cat /etc/hostname"):
        time.sleep(10)
        t.run(command)
    return first if "uid=" in first else ""
