/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cmdline.c - any command line: no fault, and every option stays in its range. */
#include <stdlib.h>
#include <string.h>

#include "boot/cmdline.h"
#include "lib/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct options options;
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    cmdline_parse(text, &options);
    free(text);
    if (options.maxcpus < 1 || options.maxcpus > CPU_MAX || options.vwfi > VWFI_NATIVE ||
        options.log_threshold > LOG_DEBUG || options.guest_log_threshold > LOG_DEBUG ||
        strnlen(options.dtuart, sizeof(options.dtuart)) == sizeof(options.dtuart)) {
        abort();
    }
    return 0;
}
