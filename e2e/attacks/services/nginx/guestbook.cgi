#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
printf 'Content-Type: text/plain\r\n\r\n'
book=/srv/upload/guestbook
if [ "$REQUEST_METHOD" = POST ]; then
	head -c "${CONTENT_LENGTH:-0}" | tr -d '\r\n' | cut -c1-200 >>$book
	echo >>$book
fi
tail -n 20 $book | sed 's/</\&lt;/g'
[ "$(wc -l <$book)" -lt 500 ] || { tail -n 100 $book >$book.new && mv $book.new $book; }
