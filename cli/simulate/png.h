/* SPDX-License-Identifier: Apache-2.0 */
/* A picture of grey pixels as a PNG file (ISO/IEC 15948). zlib is inside and nowhere else. */
#ifndef ESCAPE_CLI_SIMULATE_PNG_H
#define ESCAPE_CLI_SIMULATE_PNG_H

#include <base/buf.h>
#include <stdint.h>

/* pixels[width * height], 0 is black. 0 or -ENOMEM. */
int png_add_gray(const unsigned char *pixels, uint32_t width, uint32_t height, struct buf *out);

#endif
