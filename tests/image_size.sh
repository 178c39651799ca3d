#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# image_size.sh - the image file $1 must be at most $2 bytes, and say in its arm64 header that it is an image.
set -eu
size=$(stat -c %s "$1")
magic=$(dd if="$1" bs=1 skip=56 count=4 2>/dev/null | od -An -c | tr -d ' ')
echo "$1: $size bytes of at most $2, magic $magic"
[ "$size" -le "$2" ] && [ "$magic" = 'ARMd' ]
