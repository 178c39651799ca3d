/* SPDX-License-Identifier: Apache-2.0 */
/* platform.c - reads the device tree into struct platform. */
#include "platform.h"

#include "fdt.h"
#include "string.h"

struct platform platform;

/* Order of a generic timer's interrupts. Source: Linux
 * Documentation/devicetree/bindings/timer/arm,arch_timer.yaml. */
enum { TIMER_SECURE, TIMER_PHYSICAL, TIMER_VIRTUAL };

static void read_gic(const struct fdt_node *node)
{
    bool v3 = fdt_compatible(node, "arm,gic-v3");

    if (!v3 && !fdt_compatible(node, "arm,gic-400") && !fdt_compatible(node, "arm,cortex-a15-gic")) {
        return;
    }
    platform.gic_version = v3 ? 3 : 2;
    fdt_reg(node, 0, &platform.gicd.base, &platform.gicd.size_bytes);
    struct range *second = v3 ? &platform.gicr : &platform.gicc;
    fdt_reg(node, 1, &second->base, &second->size_bytes);
}

static void read_cpu(const struct fdt_node *node)
{
    const char *type = fdt_property(node, "device_type", NULL);
    uint64_t mpidr, none;

    if (type != NULL && strcmp(type, "cpu") == 0 && platform.cpu_count < GUEST_CPU_MAX && fdt_enabled(node) &&
        fdt_reg(node, 0, &mpidr, &none)) {
        platform.cpu_mpidr[platform.cpu_count++] = mpidr;
    }
}

static void read_memory(const struct fdt_node *node)
{
    const char *type = fdt_property(node, "device_type", NULL);

    if (type == NULL || strcmp(type, "memory") != 0) {
        return;
    }
    struct range bank;
    for (unsigned i = 0;
         platform.bank_count < PLATFORM_BANK_MAX && fdt_reg(node, i, &bank.base, &bank.size_bytes); i++) {
        platform.memory[platform.bank_count++] = bank;
    }
}

static bool read_node(const struct fdt_node *node, void *context)
{
    (void)context;
    read_gic(node);
    read_cpu(node);
    read_memory(node);
    if (fdt_compatible(node, "arm,armv8-timer")) {
        platform.timer_phys_intid = fdt_interrupt(node, TIMER_PHYSICAL);
        platform.timer_virt_intid = fdt_interrupt(node, TIMER_VIRTUAL);
    } else if (fdt_compatible(node, "arm,psci-0.2") || fdt_compatible(node, "arm,psci-1.0")) {
        const char *method = fdt_property(node, "method", NULL);
        platform.psci_smc = method != NULL && strcmp(method, "smc") == 0;
    } else if (fdt_compatible(node, "xen,xen")) {
        platform.hypervisor = true;
    } else if (node->depth == 1 && strcmp(node->name[1], "chosen") == 0) {
        platform.bootargs = fdt_property(node, "bootargs", NULL);
    }
    return true;
}

/* The UART: what stdout-path says, directly or through an alias; else the first one known. */
struct uart_search {
    const char *path; /* stdout-path; then what the alias stands for. */
};

static bool read_stdout(const struct fdt_node *node, void *context)
{
    struct uart_search *search = context;

    if (node->depth == 1 && strcmp(node->name[1], "chosen") == 0) {
        search->path = fdt_property(node, "stdout-path", NULL);
        return false;
    }
    return true;
}

static bool resolve_alias(const struct fdt_node *node, void *context)
{
    struct uart_search *search = context;
    char alias[32];
    size_t length = 0;

    if (node->depth != 1 || strcmp(node->name[1], "aliases") != 0) {
        return true;
    }
    for (const char *c = search->path; *c != '\0' && *c != ':' && length < sizeof(alias) - 1; c++) {
        alias[length++] = *c;
    }
    alias[length] = '\0';
    search->path = fdt_property(node, alias, NULL);
    return false;
}

static bool take_uart(const struct fdt_node *node, void *context)
{
    const struct uart_search *search = context;
    enum uart_kind kind = UART_NONE;
    uint64_t size_bytes;

    if (fdt_compatible(node, "arm,pl011") || fdt_compatible(node, "arm,sbsa-uart")) {
        kind = UART_PL011;
    } else if (fdt_compatible(node, "cdns,uart-r1p12") || fdt_compatible(node, "cdns,uart-r1p8")) {
        kind = UART_CADENCE;
    }
    if (kind == UART_NONE || !fdt_enabled(node) ||
        (search->path != NULL && !fdt_path_is(node, search->path)) ||
        !fdt_reg(node, 0, &platform.uart_base, &size_bytes)) {
        return true;
    }
    platform.uart = kind;
    platform.uart_intid = fdt_interrupt(node, 0);
    return false;
}

static void find_uart(const void *fdt)
{
    struct uart_search search = {0};

    fdt_walk(fdt, read_stdout, &search);
    if (search.path != NULL && search.path[0] != '/') {
        fdt_walk(fdt, resolve_alias, &search);
    }
    fdt_walk(fdt, take_uart, &search);
    if (platform.uart == UART_NONE && search.path != NULL) {
        search.path = NULL;
        fdt_walk(fdt, take_uart, &search);
    }
    if (platform.uart == UART_NONE && platform.hypervisor) {
        platform.uart = UART_HYPERCALL;
    }
}

void platform_read(const void *fdt)
{
    if (!fdt_valid(fdt)) {
        return;
    }
    platform.fdt = fdt;
    fdt_walk(fdt, read_node, NULL);
    find_uart(fdt);
}

bool bootarg_find(const char *name, const char **value, size_t *length)
{
    const char *word = platform.bootargs;
    size_t name_length = strlen(name);

    while (word != NULL && *word != '\0') {
        while (*word == ' ') {
            word++;
        }
        const char *end = word;
        while (*end != '\0' && *end != ' ') {
            end++;
        }
        if (strncmp(word, name, name_length) == 0 &&
            (word + name_length == end || word[name_length] == '=')) {
            *value = word + name_length + (word[name_length] == '=');
            *length = (size_t)(end - *value);
            return true;
        }
        word = end;
    }
    return false;
}

uint64_t bootarg_number(const char *name, uint64_t otherwise)
{
    const char *value;
    size_t length;

    if (!bootarg_find(name, &value, &length)) {
        return otherwise;
    }
    uint64_t base = 10, number = 0;
    size_t i = 0;
    if (length > 2 && value[0] == '0' && value[1] == 'x') {
        base = 16;
        i = 2;
    }
    for (; i < length; i++) {
        char c = value[i];
        uint64_t digit = (uint64_t)(c >= 'a' ? c - 'a' + 10 : c - '0');
        if (digit >= base) {
            return otherwise;
        }
        number = number * base + digit;
    }
    return number;
}

bool bootarg_is(const char *name, const char *wanted)
{
    const char *value;
    size_t length;
    return bootarg_find(name, &value, &length) && length == strlen(wanted) &&
           strncmp(value, wanted, length) == 0;
}
