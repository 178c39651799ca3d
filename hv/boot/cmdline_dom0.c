/* SPDX-License-Identifier: Apache-2.0 */
/* cmdline_dom0.c - values of the options that size Dom0. Syntax: Xen's docs/misc/xen-command-line. */
#include "boot/cmdline_dom0.h"

#include "lib/error.h"
#include "lib/string.h"

#define SIZE_LIMIT BIT64(48)

/* A decimal number below SIZE_LIMIT at *@text, which moves behind it. */
static int take_number(const char **text, uint64_t *out)
{
    uint64_t value = 0;

    if (**text < '0' || **text > '9') {
        return -EINVAL;
    }
    for (; **text >= '0' && **text <= '9'; ++*text) {
        value = value * 10 + (uint64_t)(**text - '0');
        if (value >= SIZE_LIMIT) {
            return -EINVAL;
        }
    }
    *out = value;
    return 0;
}

/* A number with or without a unit. */
static int take_size(const char **text, uint64_t *out)
{
    static const char units[] = "bkmgt";
    unsigned shift = 10;
    uint64_t value;
    const char *unit;
    int error = take_number(text, &value);

    if (error != 0) {
        return error;
    }
    if (**text != '\0' && **text != ',') {
        unit = strchr(units, **text | 0x20);
        if (unit == NULL) {
            return -EINVAL;
        }
        shift = 10 * (unsigned)(unit - units);
        ++*text;
    }
    if (value > SIZE_LIMIT >> shift) {
        return -EINVAL;
    }
    *out = value << shift;
    return 0;
}

int cmdline_dom0_mem(const char *value, struct options *options)
{
    uint64_t size = 0, least = 0, most = 0;

    for (;;) {
        uint64_t *slot = &size;

        if (strncmp(value, "min:", 4) == 0) {
            slot = &least;
            value += 4;
        } else if (strncmp(value, "max:", 4) == 0) {
            slot = &most;
            value += 4;
        }
        if (take_size(&value, slot) != 0 || *slot == 0) {
            return -EINVAL;
        }
        if (*value == '\0') {
            break;
        }
        if (*value++ != ',') {
            return -EINVAL;
        }
    }
    options->dom0_mem_bytes = size;
    options->dom0_mem_min_bytes = least;
    options->dom0_mem_max_bytes = most;
    return 0;
}

int cmdline_dom0_max_vcpus(const char *value, struct options *options)
{
    uint64_t least, most;

    if (take_number(&value, &least) != 0) {
        return -EINVAL;
    }
    most = least;
    if (*value == '-') {
        value++;
        if (take_number(&value, &most) != 0) {
            return -EINVAL;
        }
    }
    if (*value != '\0' || least < 1 || most < least || most > VCPU_MAX) {
        return -EINVAL;
    }
    options->dom0_min_vcpus = (unsigned)least;
    options->dom0_max_vcpus = (unsigned)most;
    return 0;
}
