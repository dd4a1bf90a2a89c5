#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pid 1 of a node without systemd, once its file systems are there: the named services, each started again when it ends.
set -u
ulimit -n "$(ulimit -Hn)"

service() {
	while :; do
		lab-service "$1"
		echo "lab-run: $1 ended with status $?"
		sleep 1
	done </dev/null >>"/var/log/$1.log" 2>&1 &
}

for name in "$@"; do
	service "$name"
done
while :; do
	wait
	sleep 1
done
