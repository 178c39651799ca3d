/* SPDX-License-Identifier: Apache-2.0 */
/* print.h - text to the UART. */
#ifndef GUEST_PRINT_H
#define GUEST_PRINT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* %c %s %d %u %x, with l and ll, 0 and a width; %%. At most 511 characters. One call's text is never mixed
 * with another CPU's. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
size_t format_text(char *buffer, size_t bytes, const char *format, va_list arguments);

/* Characters straight to the UART, and one from it (false: none there). */
void uart_write(const char *text, size_t length);
bool uart_read(char *c);

#endif
