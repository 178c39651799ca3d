/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_devices.c - domctl: devices and interrupts that the control domain gives to another, its virtual
 * UART, and the one node. Source: xen/domctl.h.
 *
 * The control domain can give what it has: pages of devices that it reaches itself at the machine's address,
 * and interrupts that no domain has (those of nodes marked xen,passthrough, which it was not given at boot).
 * Who gives a device that makes DMA gives the machine: there is no IOMMU driver. */
#include "hcall/domctl_devices.h"

#include "core/irq.h"
#include "hcall/control_bitmap.h"
#include "lib/error.h"
#include "vdev/vconsole.h"

#define MAPPING_MAX 64u /* Pages a call may ask for, as in Xen on Arm. */
#define NODES 1u        /* A mask: node 0. */

static struct iomem_range *find_range(struct domain *domain, uint64_t first, uint64_t count)
{
    for (unsigned i = 0; i < ARRAY_COUNT(domain->iomem); i++) {
        struct iomem_range *range = &domain->iomem[i];

        if (range->count != 0 && first >= range->first && first + count <= range->first + range->count) {
            return range;
        }
    }
    return NULL;
}

static int allow(struct domain *domain, uint64_t first, uint64_t count)
{
    if (find_range(domain, first, count) != NULL) {
        return 0;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(domain->iomem); i++) {
        if (domain->iomem[i].count == 0) {
            domain->iomem[i] = (struct iomem_range){first, count};
            return 0;
        }
    }
    return -ENOMEM;
}

/* As the toolstack grants it: range by range. A part of one cannot be taken back alone. */
int64_t domctl_iomem_permission(struct control_call *call, struct xen_domctl *op)
{
    uint64_t first = op->u.iomem_permission.first_mfn, count = op->u.iomem_permission.nr_mfns;

    if (count == 0 || first + count < first || first + count > BIT64(48 - PAGE_SHIFT)) {
        return -EINVAL;
    }
    if (op->u.iomem_permission.allow_access != 0) {
        return allow(call->domain, first, count);
    }
    for (struct iomem_range *range; (range = find_range(call->domain, first, count)) != NULL;) {
        *range = (struct iomem_range){0};
    }
    return 0;
}

/* A page in a stay in EL2: op is written back with the rest. */
int64_t domctl_memory_mapping(struct control_call *call, struct xen_domctl *op)
{
    struct xen_domctl_memory_mapping *wish = &op->u.memory_mapping;
    struct physmap *own = &call->vcpu->domain->physmap, *map = &call->domain->physmap;
    pa_t page = pa(wish->first_mfn << PAGE_SHIFT);
    int error;

    if (call->domain == call->vcpu->domain || wish->first_gfn + wish->nr_mfns < wish->first_gfn ||
        wish->first_mfn + wish->nr_mfns < wish->first_mfn) {
        return -EINVAL;
    }
    if (wish->nr_mfns > MAPPING_MAX) {
        return -E2BIG;
    }
    if (wish->nr_mfns == 0) {
        return 0;
    }
    if (find_range(call->domain, wish->first_mfn, wish->nr_mfns) == NULL || !physmap_has_device(own, page)) {
        return -EPERM;
    }
    error = wish->add_mapping != 0 ? physmap_map(map, wish->first_gfn, page, STAGE2_DEVICE)
                                   : physmap_unmap_device(map, wish->first_gfn, page);
    if (error == PHYSMAP_AGAIN) {
        return CONTROL_AGAIN;
    }
    if (error != 0) {
        return error;
    }
    wish->first_gfn++;
    wish->first_mfn++;
    wish->nr_mfns--;
    return wish->nr_mfns != 0 ? CONTROL_AGAIN : 0;
}

/* Who is given an interrupt is allowed to have it: nothing to remember. */
int64_t domctl_irq_permission(struct control_call *call, struct xen_domctl *op)
{
    (void)call;
    return op->u.irq_permission.pirq >= GIC_SPI_FIRST ? 0 : -EINVAL;
}

/* The number that @op names, for a domain that does not run: 0, -EINVAL, -EBUSY. */
static int check_irq(const struct control_call *call, const struct xen_domctl *op)
{
    const struct xen_domctl_bind_pt_irq *bind = &op->u.bind_pt_irq;

    if (bind->irq_type != PT_IRQ_TYPE_SPI || bind->machine_irq != bind->u.spi.spi ||
        !call->domain->has_platform || call->domain == call->vcpu->domain ||
        atomic_load(&call->domain->dying) != DOMAIN_ALIVE) { /* Who dies has given back what it had. */
        return -EINVAL;
    }
    if (call->domain->vpl011 != NULL && bind->machine_irq == GUEST_VPL011_SPI) {
        return -EBUSY;
    }
    return call->domain->toolstack_pauses != 0 && domain_is_off(call->domain) ? 0 : -EBUSY;
}

int64_t domctl_bind_irq(struct control_call *call, struct xen_domctl *op)
{
    int error = check_irq(call, op);

    return error != 0 ? error : irq_assign(call->domain, op->u.bind_pt_irq.machine_irq, false);
}

/* Can @domain have the UART's interrupt, and does nothing of it run or end? */
static int check_vuart(const struct domain *domain)
{
    if (!domain->being_built) {
        return -EPERM;
    }
    return atomic_load(&domain->dying) == DOMAIN_ALIVE && domain->vcpu_count != 0 &&
                   domain->spi_limit > GUEST_VPL011_SPI && !vgic_linked(domain->vgic, GUEST_VPL011_SPI)
               ? 0
               : -EINVAL;
}

int64_t domctl_vuart(struct control_call *call, struct xen_domctl *op)
{
    struct xen_domctl_vuart_op *wish = &op->u.vuart_op;
    int error;

    if (wish->pad[0] != 0 || wish->pad[1] != 0 || wish->cmd != XEN_DOMCTL_VUART_OP_INIT) {
        return -EINVAL;
    }
    error = check_vuart(call->domain);
    if (error == 0 && wish->type != XEN_DOMCTL_VUART_TYPE_VPL011) {
        error = -EOPNOTSUPP;
    }
    if (error == 0) {
        error = vconsole_attach_served(call->domain, wish->gfn, wish->console_domid, &wish->evtchn);
    }
    call->copy_back = error == 0;
    return error;
}

int64_t domctl_set_node_affinity(struct control_call *call, struct xen_domctl *op)
{
    uint32_t nodes;
    int error = control_bitmap_in(call->vcpu, &op->u.nodeaffinity.nodemap, &nodes);

    if (error != 0) {
        return error;
    }
    return (nodes & NODES) != 0 ? 0 : -EINVAL;
}

int64_t domctl_get_node_affinity(struct control_call *call, struct xen_domctl *op)
{
    return control_bitmap_out(call->vcpu, &op->u.nodeaffinity.nodemap, NODES);
}
