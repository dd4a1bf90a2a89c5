#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A page made of the fragment that the query names. What makes it vulnerable: the name may lead anywhere, uploads included.
printf 'Content-Type: text/html\r\n\r\n'
# shellcheck source=/dev/null
. "/srv/cgi/pages/${QUERY_STRING#page=}"
