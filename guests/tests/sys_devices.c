/* SPDX-License-Identifier: Apache-2.0 */
/* sys_devices.c - test guest: the control domain gives a domain of its making devices of QEMU's virt. */
#include "check.h"
#include "control_domain.h"

static struct checks checks;

static int64_t permit(domid_t domid, uint64_t page, uint64_t count, bool allow)
{
    struct xen_domctl op = {
        .u.iomem_permission = {.first_mfn = page, .nr_mfns = count, .allow_access = allow}};

    return domctl(&op, XEN_DOMCTL_iomem_permission, domid);
}

static int64_t map_device(domid_t domid, uint64_t gfn, uint64_t page, uint64_t count, bool add)
{
    struct xen_domctl op = {
        .u.memory_mapping = {.first_gfn = gfn, .first_mfn = page, .nr_mfns = count, .add_mapping = add}};

    return domctl(&op, XEN_DOMCTL_memory_mapping, domid);
}

static int64_t bind_irq(domid_t domid, uint32_t intid, uint16_t spi)
{
    struct xen_domctl op = {
        .u.bind_pt_irq = {.machine_irq = intid, .irq_type = PT_IRQ_TYPE_SPI, .u.spi.spi = spi}};

    return domctl(&op, XEN_DOMCTL_bind_pt_irq, domid);
}

/* Devices of QEMU's virt: the clock is the control domain's, the UART is not. */
static void check_devices(void)
{
    const uint64_t clock = 0x9010, uart = 0x9000, place = 0x10000;
    struct xen_domctl_createdomain config = plain(1);
    struct xen_domctl nodes = {0};
    domid_t domid = DOMID_INVALID;
    uint8_t mask = 1;

    CHECK_EQ(create(&config, 0, &domid), 0);
    CHECK_EQ(bind_irq(domid, 40, 40), E_INVAL); /* It has no virtual GIC yet. */
    CHECK_EQ(max_vcpus(domid, 1), 0);
    CHECK_EQ(map_device(domid, place, clock, 1, true), E_PERM);
    CHECK_EQ(permit(domid, clock, 1, true), 0);
    CHECK_EQ(permit(domid, uart, 1, true), 0);
    CHECK_EQ(permit(domid, clock, 0, true), E_INVAL);
    CHECK_EQ(permit(domid, ~0UL, 2, true), E_INVAL);
    CHECK_EQ(map_device(domid, place, clock, 1, true), 0);
    CHECK_EQ(map_device(domid, place, clock, 1, true), E_BUSY);
    CHECK_EQ(map_device(domid, place, uart, 1, true), E_PERM);
    CHECK_EQ(map_device(domid, place, RAM_GFN, 1, true), E_PERM);
    CHECK_EQ(map_device(domid, place, clock, 65, true), E_2BIG);
    CHECK_EQ(map_device(domid, place, clock, 2, true), E_PERM);
    CHECK_EQ(map_device(domid, ~0UL, clock, 2, true), E_INVAL);
    CHECK_EQ(map_device(0, place, clock, 1, true), E_INVAL);
    CHECK_EQ(map_device(domid, place + 1, clock, 1, false), E_NOENT);
    CHECK_EQ(map_device(domid, place, clock, 1, false), 0);
    CHECK_EQ(map_device(domid, place, clock, 1, false), E_NOENT);
    CHECK_EQ(permit(domid, clock, 1, false), 0);
    CHECK_EQ(map_device(domid, place, clock, 1, true), E_PERM);
    for (unsigned i = 0; i < 8; i++) {
        CHECK_EQ(permit(domid, 0x100000 + 2 * i, 1, true), i < 7 ? 0 : E_NOMEM);
    }
    CHECK_EQ(bind_irq(domid, 34, 35), E_INVAL);
    CHECK_EQ(bind_irq(domid, 27, 27), E_INVAL);
    CHECK_EQ(bind_irq(domid, 34, 34), E_BUSY); /* The clock's: the control domain has it. */
    CHECK_EQ(bind_irq(domid, 33, 33), E_BUSY); /* The UART's: the hypervisor has it. */
    CHECK_EQ(bind_irq(domid, 5000, 5000), E_INVAL);
    bitmap_of(&nodes.u.nodeaffinity.nodemap, &mask);
    CHECK_EQ(domctl(&nodes, XEN_DOMCTL_setnodeaffinity, domid), 0);
    mask = 2;
    CHECK_EQ(domctl(&nodes, XEN_DOMCTL_setnodeaffinity, domid), E_INVAL);
    CHECK_EQ(domctl(&nodes, XEN_DOMCTL_getnodeaffinity, domid), 0);
    CHECK_EQ(mask, 1);
    CHECK_EQ(simple(XEN_DOMCTL_destroydomain, domid), 0);
}

unsigned guest_main(void)
{
    check_devices();
    return checks_end(&checks);
}
