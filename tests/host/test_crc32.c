/* SPDX-License-Identifier: Apache-2.0 */
/* test_crc32.c - gzip's checksum against zlib's. */
#include <zlib.h>

#include "lib/crc32.h"
#include "test.h"

TEST(the_standards_example)
{
    CHECK_EQ(crc32_add(0, (const uint8_t *)"123456789", 9), 0xcbf43926u);
    CHECK_EQ(crc32_add(0, NULL, 0), 0);
}

TEST(as_zlibs_in_any_two_parts)
{
    uint8_t bytes[300];

    for (unsigned round = 0; round < 1000; round++) {
        size_t count = test_random() % (sizeof(bytes) + 1), first = test_random() % (count + 1);

        for (size_t i = 0; i < count; i++) {
            bytes[i] = (uint8_t)test_random();
        }
        CHECK_EQ(crc32_add(crc32_add(0, bytes, first), bytes + first, count - first),
                 crc32(0, bytes, (uInt)count));
    }
}
