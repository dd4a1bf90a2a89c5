# SPDX-License-Identifier: Apache-2.0
"""redis: sessions, counters, lists, ranks and a script; no client needs a password."""
import random
import socket

import pace

PORT = 6379


class Redis:
    def __init__(self, host, timeout=30):
        self.socket = socket.create_connection((host, PORT), timeout)
        self.file = self.socket.makefile("rb")

    def __call__(self, *words):
        out = b"*%d\r\n" % len(words)
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            out += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(out)
        return self.answer()

    def answer(self):
        line = self.file.readline()
        if not line:
            raise EOFError
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2] if int(rest) >= 0 else None
        if kind == b"*":
            return [self.answer() for _ in range(max(0, int(rest)))]
        if kind == b"-":
            return RuntimeError(rest.decode())
        return int(rest) if kind == b":" else rest

    def close(self):
        self.socket.close()


SCRIPT = "local n = redis.call('INCR', KEYS[1]) if n > 1000 then redis.call('SET', KEYS[1], 0) end return n"


class user:
    def __init__(self, host):
        self.redis = Redis(host)
        self.close = self.redis.close

    # A page of the application that has its sessions here asks some ten times.
    def __call__(self):
        for _ in range(random.randint(1, 20)):
            self.ask()

    def ask(self):
        r, k = self.redis, random.randint(1, 2000)
        choice = random.random()
        if choice < 0.35:
            r("GET", f"session:{k}")
        elif choice < 0.55:
            r("SET", f"session:{k}", pace.words(random.randint(5, 200)), "EX", 3600)
        elif choice < 0.65:
            r("EVAL", SCRIPT, 1, f"count:{k % 20}")
        elif choice < 0.75:
            r("LPUSH", "jobs", pace.words(5))
            r("LTRIM", "jobs", 0, 500)
        elif choice < 0.85:
            r("ZINCRBY", "rank", 1, f"player{k}")
            r("ZREVRANGE", "rank", 0, 9)
        elif choice < 0.95:
            r("HSET", f"cart:{k % 300}", f"item{k % 17}", k)
            r("HGETALL", f"cart:{k % 300}")
        elif choice < 0.99:
            r("SCAN", k % 64, "COUNT", 50)
        else:
            r("INFO")


def once(host):
    return user(host).redis("PING")
