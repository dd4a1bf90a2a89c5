# SPDX-License-Identifier: Apache-2.0
"""Processes that beget processes: 255 of them, so that the node survives."""
KIND = "fork bomb"
QUIET = False
SERVICES = dict.fromkeys(("python", "node", "nginx"))


def attack(t):
    out = t.run("bomb() { if [ $1 -gt 0 ]; then bomb $(($1 - 1)) & bomb $(($1 - 1)) & fi; sleep 2; }; bomb 7; echo exploded")
    return out.strip() if "exploded" in out else ""
