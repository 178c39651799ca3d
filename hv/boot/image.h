/* SPDX-License-Identifier: Apache-2.0 */
/* image.h - a guest kernel: arm64 Image, plain or gzip. Source: Linux Documentation/arm64/booting.rst. Pure,
 * on zlib. */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include "lib/types.h"

struct image_info {
    uint64_t text_offset; /* From a 2 MiB aligned base. */
    uint64_t image_bytes; /* Memory it takes, with bss. */
    bool gzip;
    uint64_t file_bytes; /* After decompression; a bound when the gzip trailer does not say. */
};

/* Look at @file. Returns 0; -EINVAL when it is no arm64 Image (logged: what it is, and what to give, @what
 * names it). For gzip the first bytes are decompressed to see. */
int image_probe(const char *what, const void *file, uint64_t file_bytes, struct image_info *info);

/* Put file_bytes of it at @dst (@dst_bytes >= file_bytes), zeros behind its end. Returns 0 or -EINVAL
 * (corrupt gzip; logged). Boot CPU only: uses libraries with SIMD. */
int image_load(const char *what, const void *file, uint64_t file_bytes, const struct image_info *info,
               void *dst, uint64_t dst_bytes);

#endif
