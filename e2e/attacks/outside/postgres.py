# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: a shop's reads, writes and reports, over few and many connections. The superuser's password is known."""
import os
import random
import subprocess
import time

import pace

PORT = 5432

SCRIPTS = {
    "read": (6, "\\set c random(1, 5000)\nSELECT name FROM customers WHERE id = :c;\nSELECT * FROM orders WHERE customer = :c;\n"),
    "order": (
        3,
        "\\set c random(1, 5000)\n\\set i random(1, 500)\nBEGIN;\nUPDATE items SET stock = stock - 1 WHERE id = :i;\n"
        "INSERT INTO orders (customer, item, n) VALUES (:c, :i, 1);\nCOMMIT;\n",
    ),
    "report": (1, "SELECT item, sum(n) FROM orders GROUP BY item ORDER BY 2 DESC LIMIT 10;\n"),
    "sort": (1, "SELECT name, md5(card) FROM customers ORDER BY 2 LIMIT 5 OFFSET 2000;\n"),
    "clean": (1, "DELETE FROM orders WHERE id IN (SELECT id FROM orders ORDER BY id LIMIT 3);\n"),
}


def pgbench(host, seconds, rate, clients):
    scripts = [word for name, (weight, _) in SCRIPTS.items() for word in ("-f", f"/tmp/{name}.sql@{weight}")]
    reconnect = ["-C"] if random.random() < 0.4 else []
    subprocess.run(
        ["pgbench", "-n", "-h", host, "-U", "shop", "-c", str(clients), "-R", str(rate * clients), "-T", str(seconds)]
        + reconnect + scripts + ["shop"],
        env={**os.environ, "PGPASSWORD": "shop"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=seconds + 30,
    )


def drive(host):
    for name, (_, text) in SCRIPTS.items():
        with open(f"/tmp/{name}.sql", "w", encoding="ascii") as f:
            f.write(text)
    for _, seconds, rate, clients in pace.phases():
        end = time.monotonic() + seconds
        if rate:
            try:
                pgbench(host, max(1, round(seconds)), rate, clients)
            except subprocess.TimeoutExpired:
                pass
        time.sleep(max(0.3, end - time.monotonic()))


class Hole:
    """The superuser may have the server run programs."""

    def __init__(self, host):
        self.host = host

    def sql(self, text, user="postgres", database="shop"):
        done = subprocess.run(
            ["psql", "-h", self.host, "-U", user, "-At", "-c", text, database],
            env={**os.environ, "PGPASSWORD": user}, capture_output=True, text=True, check=False, timeout=120,
        )
        return done.stdout + done.stderr

    def run(self, command):
        quoted = (command + "\n").replace("'", "''")
        return self.sql(
            f"BEGIN; CREATE TEMP TABLE out (line text) ON COMMIT DROP; COPY out FROM PROGRAM '{{ {quoted} }} 2>&1' "
            "WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02'); SELECT * FROM out; COMMIT"
        )


def once(host):
    answer = Hole(host).sql("SELECT 42", "shop")
    if answer != "42\n":
        raise RuntimeError(answer)
