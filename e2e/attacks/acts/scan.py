# SPDX-License-Identifier: Apache-2.0
"""The lab's own addresses (the plane and the nodes), looked at port by port from inside the container."""
import time

KIND = "lateral scan"
QUIET = False
HOSTS = ("10.88.0.1", "10.88.0.2", "10.88.0.3", "10.88.0.4")
PORTS = (22, 80, 443, 2379, 6379, 6443, 8080, 9464, 10250)


def by_shell(t):
    hosts, ports = " ".join(HOSTS), " ".join(map(str, PORTS))
    return t.run(
        f"bash -c 'for h in {hosts}; do for p in {ports}; do (timeout 0.3 bash -c \"</dev/tcp/$h/$p\") 2>/dev/null && echo $h:$p open; done; done'"
    )


def by_code(t):
    return t.code(
        "import socket\nfrom flask import abort, make_response\nout = ''\n"
        f"for h in {HOSTS!r}:\n  for p in {PORTS!r}:\n    s = socket.socket(); s.settimeout(0.3)\n"
        "    if s.connect_ex((h, p)) == 0: out += f'{h}:{p} open\\n'\n    s.close()\nabort(make_response(out))"
    )


SERVICES = {"nginx": by_shell, "postgres": by_shell, "node": by_shell, "python": by_code}


def attack(t):
    out = t.how(t)
    time.sleep(1)
    return out.splitlines()[-1] if "open" in out else ""
