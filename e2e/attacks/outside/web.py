# SPDX-License-Identifier: Apache-2.0
"""HTTP as the users and the intruders of the web services speak it."""
import http.client


class Web:
    def __init__(self, host, port, timeout=90):
        self.connection = http.client.HTTPConnection(host, port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        return answer.read()
