# SPDX-License-Identifier: Apache-2.0
"""A script left on the server, asked for again and again with a command each time."""
import time

KIND = "web shell"
QUIET = False
SERVICES = dict.fromkeys(("nginx", "python", "node"))
COMMANDS = ("id", "pwd; ls -la", "cat /etc/passwd", "ls -la /srv /tmp", "ps aux", "find / -name '*.conf' 2>/dev/null | head -30", "cat /proc/self/mounts")


def attack(t):
    answers = []
    for command in COMMANDS:
        answers.append(t.run(command))
        time.sleep(1)
    return answers[0] if "uid=" in answers[0] else ""
