# SPDX-License-Identifier: Apache-2.0
"""attack.py ACT SERVICE HOST ME: carries ACT (a file of acts/) out against the service and prints what happened as one line of JSON.

An act has KIND (for people), QUIET (it hides), SERVICES (whom it concerns; each with what it needs to know) and attack(t), which
returns proof that it happened: text that only a success could bring. begun_ms is when the first hostile byte was sent.
"""
import importlib
import json
import socket
import sys
import threading
import time


class Target:
    def __init__(self, act, service, host, me):
        module = importlib.import_module(service)
        self.service, self.host, self.me, self.port = service, host, me, module.PORT
        self.how = act.SERVICES[service]
        self.module = module
        self.hole = module.Hole(host) if hasattr(module, "Hole") else None
        self.begun_ms = 0

    def begin(self):
        if not self.begun_ms:
            self.begun_ms = time.time_ns() // 1000000

    def run(self, command):
        self.begin()
        return self.hole.run(command)

    def code(self, source):
        self.begin()
        return self.hole.code(source)


class Listener:
    """Where the intruder waits for what the victim sends: collects all bytes of all connections, or answers by `serve`."""

    def __init__(self, serve=None):
        self.socket = socket.create_server(("0.0.0.0", 0))
        self.port = self.socket.getsockname()[1]
        self.got = b""
        self.came = threading.Event()
        self.serve = serve or self.collect
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            self.came.set()
            threading.Thread(target=self.guarded, args=(connection,), daemon=True).start()

    def guarded(self, connection):
        try:
            self.serve(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def collect(self, connection):
        while part := connection.recv(65536):
            self.got += part


def in_background(work, *args):
    thread = threading.Thread(target=lambda: swallow(work, *args), daemon=True)
    thread.start()
    return thread


def swallow(work, *args):
    try:
        return work(*args)
    except Exception as e:
        return str(e)


def main():
    name, service, host, me = sys.argv[1:]
    # Acts import this file by its name; both must be one module.
    sys.modules["attack"] = sys.modules["__main__"]
    act = importlib.import_module(name.replace("-", "_"))
    target = Target(act, service, host, me)
    try:
        proof = act.attack(target)
    except Exception as e:
        proof, error = "", f"{type(e).__name__}: {e}"
    else:
        error = ""
    print(json.dumps({
        "act": name, "service": service, "kind": act.KIND, "quiet": act.QUIET, "begun_ms": target.begun_ms,
        "ended_ms": time.time_ns() // 1000000, "proof": str(proof or "")[-200:], "error": error,
    }))


if __name__ == "__main__":
    main()
