/* SPDX-License-Identifier: Apache-2.0 */
/* crc32.h - the CRC-32 of gzip (RFC 1952, section 8), small rather than fast. Pure. */
#ifndef LIB_CRC32_H
#define LIB_CRC32_H

#include "lib/types.h"

/* The checksum of what had @crc (0: of nothing), followed by @count bytes at @bytes. */
uint32_t crc32_add(uint32_t crc, const uint8_t *bytes, size_t count);

#endif
