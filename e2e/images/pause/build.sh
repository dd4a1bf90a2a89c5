#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
set -eu
"${CC:-gcc}" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -static -s -o "$1/pause" "$1/pause.c"
