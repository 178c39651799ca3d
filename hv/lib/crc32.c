/* SPDX-License-Identifier: Apache-2.0 */
/* crc32.c - the CRC-32 of gzip, four bits at a time. */
#include "lib/crc32.h"

#define POLYNOMIAL 0xedb88320u /* RFC 1952: x^32 + x^26 + ... + 1, its lowest power in bit 31. */

/* What becomes of a remainder whose bits @v are shifted out. */
#define BIT(v) (((v) >> 1) ^ ((v)&1 ? POLYNOMIAL : 0))
#define NIBBLE(v) BIT(BIT(BIT(BIT((uint32_t)(v)))))

static const uint32_t by_nibble[16] = {
    NIBBLE(0), NIBBLE(1), NIBBLE(2),  NIBBLE(3),  NIBBLE(4),  NIBBLE(5),  NIBBLE(6),  NIBBLE(7),
    NIBBLE(8), NIBBLE(9), NIBBLE(10), NIBBLE(11), NIBBLE(12), NIBBLE(13), NIBBLE(14), NIBBLE(15),
};

uint32_t crc32_add(uint32_t crc, const uint8_t *bytes, size_t count)
{
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ by_nibble[crc & 15];
        crc = crc >> 4 ^ by_nibble[crc & 15];
    }
    return ~crc;
}
