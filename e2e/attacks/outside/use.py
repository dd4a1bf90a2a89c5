# SPDX-License-Identifier: Apache-2.0
"""use.py SERVICE HOST: its users, for ever."""
import importlib
import sys

import pace

service = importlib.import_module(sys.argv[1])
if hasattr(service, "drive"):
    service.drive(sys.argv[2])
else:
    pace.drive(lambda: service.user(sys.argv[2]))
