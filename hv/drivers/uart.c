/* SPDX-License-Identifier: Apache-2.0 */
/* uart.c - which UART drivers there are, by compatible string. */
#include "drivers/uart.h"

#include "lib/string.h"

static const struct uart_driver *const drivers[] = {&pl011_driver, &sbsa_uart_driver, &cadence_uart_driver};

const struct uart_driver *uart_find(const char *compatible)
{
    for (size_t i = 0; i < ARRAY_COUNT(drivers); i++) {
        for (const char *const *name = drivers[i]->compatible; *name != NULL; name++) {
            if (strcmp(*name, compatible) == 0) {
                return drivers[i];
            }
        }
    }
    return NULL;
}

const char *uart_compatible(unsigned index)
{
    for (size_t i = 0; i < ARRAY_COUNT(drivers); i++) {
        for (const char *const *name = drivers[i]->compatible; *name != NULL; name++) {
            if (index == 0) {
                return *name;
            }
            index--;
        }
    }
    return NULL;
}
