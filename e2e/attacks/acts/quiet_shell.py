# SPDX-License-Identifier: Apache-2.0
"""One short command in fifteen seconds, between the users' requests."""
import time

KIND = "slow shell: a command in 15 s"
QUIET = True
SERVICES = dict.fromkeys(("nginx", "python"))


def attack(t):
    first = t.run("id")
    for command in ("pwd", "ls", "cat /etc/hostname"):
        time.sleep(15)
        t.run(command)
    return first if "uid=" in first else ""
