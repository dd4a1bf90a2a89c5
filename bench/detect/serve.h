/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-detect serve -- COMMAND...: runs a program as the process of a protected container, and changes what
 * watches it at the word of whoever measures it. Each line on stdin is answered by one on stdout.
 */
#ifndef ESCAPE_BENCH_DETECT_SERVE_H
#define ESCAPE_BENCH_DETECT_SERVE_H

int serve_main(char **argv);

#endif
