# SPDX-License-Identifier: Apache-2.0
"""Notes and files. What makes it vulnerable: a host's name that reaches a shell, and pickled notes that are believed."""
import base64
import os
import pickle
import sqlite3
import subprocess

from flask import Flask, abort, request

app = Flask(__name__)
DATA = "/srv/data"


def db():
    c = sqlite3.connect(DATA + "/notes.db", timeout=10)
    c.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)")
    return c


@app.get("/")
def index():
    with db() as c:
        rows = c.execute("SELECT id, text FROM notes ORDER BY id DESC LIMIT 20").fetchall()
    return {"notes": [{"id": i, "text": t} for i, t in rows]}


@app.post("/notes")
def add():
    with db() as c:
        c.execute("INSERT INTO notes (text) VALUES (?)", (request.form["text"],))
        c.execute("DELETE FROM notes WHERE id < (SELECT max(id) - 500 FROM notes)")
    return {"ok": True}


@app.put("/files/<name>")
def put(name):
    if not name.isalnum():
        abort(400)
    with open(f"{DATA}/files/{name}", "wb") as f:
        f.write(request.get_data())
    return {"ok": True}


@app.get("/files/<name>")
def get(name):
    if not name.isalnum() or not os.path.exists(f"{DATA}/files/{name}"):
        abort(404)
    with open(f"{DATA}/files/{name}", "rb") as f:
        return f.read()


@app.get("/resolve")
def resolve():
    out = subprocess.run("getent hosts " + request.args["host"], shell=True, capture_output=True, timeout=60, check=False)
    return out.stdout + out.stderr


@app.get("/export")
def export():
    with db() as c:
        return base64.b64encode(pickle.dumps(c.execute("SELECT text FROM notes LIMIT 50").fetchall()))


@app.post("/import")
def load():
    rows = pickle.loads(base64.b64decode(request.get_data()))
    with db() as c:
        c.executemany("INSERT INTO notes (text) VALUES (?)", [r[:1] for r in rows][:10])
    return {"notes": len(rows)}
