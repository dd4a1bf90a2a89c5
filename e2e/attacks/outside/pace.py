# SPDX-License-Identifier: Apache-2.0
"""The pace of users: they come and go, alone and in crowds."""
import random
import threading
import time

# name, seconds from, to, operations a second of each client, clients
PHASES = [
    ("idle", 2, 6, 0, 0),
    ("few", 3, 8, 2, 1),
    ("many", 4, 8, 15, 4),
    ("crowd", 1, 3, 60, 6),
]


def phases():
    while True:
        name, least, most, rate, clients = random.choices(PHASES, (2, 4, 4, 1))[0]
        yield name, random.uniform(least, most), rate, clients


def client(make, until, rate):
    """make() connects and returns a function that does one operation. A service that restarts is tried again."""
    act = None
    while time.monotonic() < until:
        try:
            act = act or make()
            act()
        except Exception:
            act = None
            time.sleep(0.3)
        time.sleep(random.expovariate(rate))
    close = getattr(act, "close", None)
    if close:
        close()


def drive(make):
    for _, seconds, rate, clients in phases():
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=client, args=(make, until, rate)) for _ in range(clients)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        time.sleep(max(0.0, until - time.monotonic()))


def words(n):
    return " ".join("".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(2, 9))) for _ in range(n))
