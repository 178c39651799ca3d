/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_image.c - any file as a kernel: refused with words, or loaded within its room. Every other input is
 * put behind the header of a gzip file. */
#include <stdlib.h>
#include <string.h>

#include "boot/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t gzip_header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    size_t header = size > 0 && data[0] % 2 == 0 ? sizeof(gzip_header) : 0;
    uint8_t *file = malloc(header + size + 1), *dst;
    struct image_info info;

    memcpy(file, gzip_header, header);
    memcpy(file + header, data, size);
    if (header > 0) {
        memmove(file + header, file + header + 1, size - 1);
        size--;
    }
    if (image_probe("fuzz", file, header + size, &info) == 0) {
        if (info.image_bytes < info.file_bytes) {
            abort();
        }
        if (info.file_bytes < 100000) {
            dst = malloc(info.file_bytes + 1);
            (void)image_load("fuzz", file, header + size, &info, dst, info.file_bytes);
            free(dst);
        }
    }
    free(file);
    return 0;
}
