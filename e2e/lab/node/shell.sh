#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One command of `lab on` in a virtual machine. In: one line with the size of its standard input and its words (base64, a NUL behind each),
# then its standard input. Out: its standard output, its standard error, and in 13 digits the size of the latter and its status.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
read -r size words
mapfile -d '' -t command < <(base64 -d <<<"$words")
errors=$(mktemp)
cd / && head -c "$size" | "${command[@]}" 2>"$errors"
status=${PIPESTATUS[1]}
cat "$errors"
printf '%010d%03d' "$(stat -c %s "$errors")" "$status"
rm -f "$errors"
