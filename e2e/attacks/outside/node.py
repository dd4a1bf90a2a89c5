# SPDX-License-Identifier: Apache-2.0
"""The Node application: values added and read, reports by an expression, archives made by gzip."""
import json
import random

from web import Web

PORT = 3000


class user:
    def __init__(self, host):
        self.web = Web(host, PORT)
        self.close = self.web.connection.close

    def __call__(self):
        choice, series = random.random(), f"s{random.randint(1, 30)}"
        if choice < 0.4:
            self.web.ask("POST", f"/values?series={series}", str(random.gauss(20, 5)))
        elif choice < 0.7:
            self.web.ask("GET", f"/values?series={series}")
        elif choice < 0.9:
            expression = random.choice(("Math.max(...values)", "values.filter((v) => v > 20).length", "values.reduce((a, b) => a + b, 0)"))
            self.web.ask("POST", f"/report?series={series}", expression)
        elif choice < 0.95:
            self.web.ask("GET", f"/missing?series={series}")
        else:
            self.web.ask("GET", f"/archive?series={series}")


def once(host):
    return Web(host, PORT, 5).ask("GET", "/values?series=s1")


class Hole:
    """An expression is code, and code starts programs."""

    def __init__(self, host):
        self.host = host

    def code(self, source):
        answer = json.loads(Web(self.host, PORT).ask("POST", "/report?series=s1", source))
        return answer if isinstance(answer, str) else json.dumps(answer)

    def run(self, command):
        inner = json.dumps("{ " + command + "\n} 2>&1; true")
        return self.code(f"require('child_process').execSync({inner}).toString()")
