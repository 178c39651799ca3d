/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the order of booting, as a list of calls. */
#include "arch/cache.h"
#include "arch/mmu.h"
#include "base/page_alloc.h"
#include "base/stage2.h"
#include "boot/board.h"
#include "boot/build_dom0.h"
#include "boot/build_domain.h"
#include "boot/build_schedule.h"
#include "boot/domain_config.h"
#include "boot/guests.h"
#include "boot/memory.h"
#include "boot/smp.h"
#include "boot/start.h"
#include "core/console.h"
#include "core/cpupool.h"
#include "core/events.h"
#include "core/guest_log.h"
#include "core/irq.h"
#include "core/pcpu.h"
#include "core/power.h"
#include "core/sched_setup.h"
#include "core/tlb.h"
#include "core/trace.h"
#include "drivers/gic.h"
#include "drivers/uart.h"
#include "hcall/version.h"
#include "lib/abi.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "vdev/vconsole.h"
#include "vdev/vfirmware.h"

#define TREE_BYTES_LIMIT MIB(2) /* Linux Documentation/arm64/booting.rst */
#define IPA_BITS_MAX 40u

_Static_assert(START_STACK_TOP == STACK_BASE + STACK_STRIDE - PAGE_SIZE, "boot/start.h");

static struct options options;
static struct board board;
static struct boot_config config;
static struct domain *built[DOMAIN_CONFIG_MAX + 1]; /* And Dom0. */
static unsigned built_count;

/* A console before, or without, a device tree. */
static void open_early_console(void)
{
    const struct uart_driver *uart = NULL;

    if (CONFIG_EARLY_UART_BASE != 0) {
        uart = uart_find(CONFIG_EARLY_UART_COMPATIBLE);
    }
    if (uart != NULL) {
        console_init(uart, mmu_map_device(pa(CONFIG_EARLY_UART_BASE), PAGE_SIZE).v);
    }
}

/* The boot loader's tree, mapped and checked. */
static const void *open_tree(pa_t tree, uint64_t *size_bytes)
{
    const uint8_t *header = mmu_map_tree(tree, 8);
    uint64_t claimed =
        ((uint64_t)header[4] << 24) | ((uint64_t)header[5] << 16) | ((uint64_t)header[6] << 8) | header[7];
    int64_t checked;
    const void *fdt;

    fdt = mmu_map_tree(tree, min_u64(max_u64(claimed, 64), TREE_BYTES_LIMIT));
    checked = board_check_tree(fdt, TREE_BYTES_LIMIT);
    if (checked < 0) {
        open_early_console();
        panic("the device tree at 0x%lx cannot be used (see above): give the boot loader one made by dtc for "
              "this machine",
              (unsigned long)tree.v);
    }
    *size_bytes = (uint64_t)checked;
    return fdt;
}

static void open_console(void)
{
    const struct uart_driver *uart = uart_find(board.uart.compatible);

    log_set_threshold((enum log_level)options.log_threshold);
    guest_log_set_threshold((enum log_level)options.guest_log_threshold);
    if (strcmp(options.console, "none") == 0 || uart == NULL) {
        console_init(NULL, 0);
        log_warn("no console: %s",
                 uart == NULL ? "the device tree names no UART that is supported (dtuart= or stdout-path)"
                              : "console=none");
        return;
    }
    console_init(uart, mmu_map_device(board.uart.regs.base, board.uart.regs.size_bytes).v);
    if (board.uart.intid != 0) {
        irq_set_handler(board.uart.intid, console_input);
    }
}

static enum wfi_policy wfi_policy(void)
{
    switch (options.vwfi) {
    case VWFI_TRAP:
        return WFI_POLICY_TRAP;
    case VWFI_NATIVE:
        return WFI_POLICY_NATIVE;
    case VWFI_AUTO:
        break;
    }
    return WFI_POLICY_AUTO;
}

static void set_up_pools(void)
{
    for (unsigned i = 0; i < config.pool_count; i++) {
        const struct pool_config *c = &config.pools[i];
        struct sched_pool *pool = sched_setup(c->ops, c->cpus & pcpu_online_mask(), wfi_policy());

        pool->ratelimit_ns = options.sched_ratelimit_us * (NS_PER_MS / 1000);
        pool->cap_period_ns = options.credit2_cap_period_ms * NS_PER_MS;
        pool->overcommit = options.sched_overcommit;
        if (i != 0) {
            log_info("%s: %u CPU%s (mask 0x%x), scheduler %s", c->path,
                     (unsigned)__builtin_popcount(pool->cpus),
                     pool->cpus != 0 && (pool->cpus & (pool->cpus - 1)) == 0 ? "" : "s", pool->cpus,
                     pool->ops->name);
        }
    }
    cpupool_set_defaults(sched_pool_at(0));
}

/* As the command line wishes; the toolstack may do so later. */
static void start_tracing(void)
{
    int error;

    if (options.tbuf_size == 0) {
        return;
    }
    if (options.tevt_mask != 0) {
        trace_set_events(options.tevt_mask);
    }
    do {
        error = trace_set_size(options.tbuf_size);
    } while (error == TRACE_AGAIN);
    if (error != 0) {
        log_warn("tbuf_size=%u: there is not that much memory; nothing is traced", options.tbuf_size);
    }
}

static void check_timers(void)
{
    if (board.timer.virt_intid != GUEST_TIMER_VIRT_PPI || board.timer.phys_intid != GUEST_TIMER_PHYS_NS_PPI) {
        panic("the generic timer's interrupts are %u (virtual) and %u (physical); guests are given %u and "
              "%u: this board is not supported",
              board.timer.virt_intid, board.timer.phys_intid, GUEST_TIMER_VIRT_PPI, GUEST_TIMER_PHYS_NS_PPI);
    }
}

/* Guests' physical addresses: no wider than the CPU's own. */
static unsigned ipa_bits(void)
{
    static const unsigned char pa_bits[] = {32, 36, 40, 42, 44, 48}; /* ID_AA64MMFR0_EL1.PARange */
    uint64_t range = sysreg_read(id_aa64mmfr0_el1) & 0xf;

    return range < ARRAY_COUNT(pa_bits) ? (unsigned)min_u64(pa_bits[range], IPA_BITS_MAX) : IPA_BITS_MAX;
}

static void maintenance_interrupt(void)
{
    struct pcpu *cpu = this_cpu();

    if (cpu->loaded != NULL) {
        irq_refresh(cpu, cpu->loaded);
    }
}

/* Without it nobody manages the machine: it does not go on. */
static void build_manager(const void *fdt)
{
    if (config.dom0_refused || (config.dom0.kernel.size_bytes != 0 &&
                                build_dom0(fdt, &config, &board, &built[built_count++]) != 0)) {
        panic("Dom0 cannot be started: correct what is said above");
    }
}

static void build_domains(const void *fdt)
{
    struct domain *of[DOMAIN_CONFIG_MAX] = {NULL};
    uint64_t pages = 0;

    build_manager(fdt);
    for (unsigned i = 0; i < config.domain_count; i++) {
        const struct domain_config *c = &config.domains[i];
        struct domain *domain;

        if (build_domain(c, &board, &domain) == 0) {
            log_info("d%u is %s: %u vCPU%s, %lu MiB", domain->id, c->path, c->vcpu_count,
                     c->vcpu_count == 1 ? "" : "s", (unsigned long)(c->memory_bytes >> 20));
            built[built_count++] = domain;
            of[i] = domain;
        }
    }
    if (built_count == 0) {
        panic("no domain to run (see above)");
    }
    build_schedule(&config, of);
    memory_free_modules(&config);
    for (unsigned i = 0; i < built_count; i++) {
        pages += built[i]->physmap.page_count;
    }
    memory_report(pages << PAGE_SHIFT);
}

static void start_domains(void)
{
    smp_release();
    for (unsigned i = 0; i < built_count; i++) {
        vcpu_start(built[i]->vcpu[0]);
    }
}

/* What the image and the tree take is nobody's: a module lying over it is named in an error. */
static void reserve(pa_t base, uint64_t size_bytes)
{
    ASSERT(board.reserved_count < ARRAY_COUNT(board.reserved));
    board.reserved[board.reserved_count++] = (struct mem_range){.base = base, .size_bytes = size_bytes};
}

static void reserve_own(pa_t tree, uint64_t tree_bytes)
{
    uint64_t image_bytes;
    pa_t image;

    mmu_image_range(&image, &image_bytes);
    reserve(image, image_bytes);
    reserve(tree, tree_bytes);
}

_Noreturn void hv_main(uint64_t tree_pa, uint64_t image_pa)
{
    uint64_t tree_bytes;
    const void *fdt;

    pcpu_init(0, START_STACK_TOP);
    sysreg_write(tpidr_el2, (uint64_t)pcpu_get(0));
    fdt = open_tree(pa(tree_pa), &tree_bytes);
    cmdline_parse(board_cmdline(fdt), &options);
    version_set_commandline(board_cmdline(fdt));
    if (board_read(fdt, cpu_mpidr(), &options, &board) != 0) {
        open_console();
        power_init(board.psci_conduit, options.noreboot);
        panic("the device tree does not describe a machine that can be used (see above)");
    }
    open_console();
    log_info("Bulkhead, the image at 0x%lx, on %s: %u CPU%s", (unsigned long)image_pa, board.model,
             board.cpu_count, board.cpu_count == 1 ? "" : "s");
    if (board.timer.frequency_hz == 0 && cpu_tick_hz() == 0) {
        panic("the counter's frequency is unknown: the firmware must set CNTFRQ_EL0, or the timer node needs "
              "clock-frequency");
    }
    time_init(board.timer.frequency_hz != 0 ? board.timer.frequency_hz : cpu_tick_hz(),
              board.timer.frequency_hz);
    power_init(board.psci_conduit, options.noreboot);
    vfirmware_init(&board);
    check_timers();
    if (!options.bootscrub) {
        log_info("bootscrub=0 changes nothing: memory is zeroed when a domain gets it, never at boot");
    }
    reserve_own(pa(tree_pa), tree_bytes);
    memory_map(&board);
    if (boot_config_read(fdt, &board, &options, memory_read, &config) != 0) {
        panic("no domain can be read from the device tree (see above)");
    }
    memory_init(&config);
    stage2_setup(&stage2_hardware, ipa_bits());
    gic_select(&board.gic);
    irq_set_handler(board.timer.hyp_intid, pcpu_timer_interrupt);
    irq_set_handler(board.gic.maintenance_intid, maintenance_interrupt);
    smp_start_others(&board);
    set_up_pools();
    log_info("%s: %u CPU%s, scheduler %s", gic()->name, (unsigned)__builtin_popcount(pcpu_online_mask()),
             pcpu_online_mask() == 1 ? "" : "s", sched_pool_at(0)->ops->name);
    vconsole_init();
    events_setup();
    start_tracing();
    if (vcpu_setup() != 0) {
        panic("no memory is left for domains: give the machine more than its modules take");
    }
    build_domains(fdt);
    if (board.uart.intid != 0) {
        irq_enable_own(board.uart.intid);
        console_use_irq();
    }
    start_domains();
    guests_run();
}
