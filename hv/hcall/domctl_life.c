/* SPDX-License-Identifier: Apache-2.0 */
/* domctl_life.c - domctl: making a domain, letting it run, destroying it. Source: xen/domctl.h.
 *
 * A domain is made by createdomain, without vCPUs, and by max_vcpus, which makes one in each stay in EL2. It
 * is born paused once; the toolstack's first unpausedomain starts it. */
#include "hcall/domctl_life.h"

#include "core/cpupool.h"
#include "core/pcpu.h"
#include "core/wall_clock.h"
#include "drivers/gic.h"
#include "lib/error.h"
#include "lib/string.h"

#define FLAGS_NEEDED (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap) /* What Xen on Arm asks for, */
#define PAUSES_MAX 255u                                        /* and allows. */
#define NR_SPIS_MAX (GIC_INTID_MAX - GIC_SPI_FIRST)
#define TABLES_AT_FIRST 16u /* Xen's pool of paging memory of a new domain: 64 KiB. */

static unsigned machine_gic_version(void)
{
    return gic() == &gicv2_driver ? 2 : 3;
}

/* The same in the ABI's numbers. */
static uint8_t machine_gic_config(void)
{
    return machine_gic_version() == 2 ? XEN_DOMCTL_CONFIG_GIC_V2 : XEN_DOMCTL_CONFIG_GIC_V3;
}

static bool gic_fits(uint8_t wish)
{
    return wish == XEN_DOMCTL_CONFIG_GIC_NATIVE || wish == machine_gic_config();
}

/* Can such a domain be? The limits of what is shared are the defaults of Xen, and its maxima. */
static bool config_fits(const struct xen_domctl_createdomain *config)
{
    return config->flags == FLAGS_NEEDED && config->iommu_opts == 0 && config->vmtrace_size == 0 &&
           config->max_vcpus >= 1 && config->max_vcpus <= VCPU_MAX &&
           config->max_grant_frames <= (int32_t)GRANT_FRAMES_MAX &&
           config->max_maptrack_frames <= (int32_t)GRANT_MAP_PAGES_MAX && config->grant_opts == 1 &&
           config->arch.tee_type == XEN_DOMCTL_CONFIG_TEE_NONE && config->arch.nr_spis <= NR_SPIS_MAX;
}

/* What the toolstack says of a new domain that nobody knows yet. */
static void take_config(struct domain *domain, const struct xen_domctl_createdomain *config)
{
    memcpy(domain->handle, config->handle, sizeof(domain->handle));
    domain->ssidref = config->ssidref;
    domain->events.port_limit =
        (uint32_t)min_u64((uint64_t)config->max_evtchn_port + 1, EVTCHN_FIFO_NR_CHANNELS);
    if (config->max_grant_frames >= 0) {
        domain->grants->frame_limit = (unsigned)config->max_grant_frames;
    }
    if (config->max_maptrack_frames >= 0) {
        domain->grant_maps.page_limit = (unsigned)config->max_maptrack_frames;
    }
    domain->being_built = true;
    domain->pause_count = 1;
    domain->toolstack_pauses = 1;
}

int64_t domctl_create(struct control_call *call, struct xen_domctl *op)
{
    struct xen_domctl_createdomain *config = &op->u.createdomain;
    struct domain_params params = {
        .name = "",
        .id = op->domain < DOMID_FIRST_RESERVED ? op->domain : 0,
        .vcpu_count = config->max_vcpus,
        .gic_version = machine_gic_version(),
        .spi_limit = (unsigned)min_u64(GIC_SPI_FIRST + align_up(config->arch.nr_spis, 32), GIC_INTID_MAX),
        .gicd_base = machine_gic_version() == 2 ? GUEST_GICD_BASE : GUEST_GICV3_GICD_BASE,
        .gicr_base = GUEST_GICV3_GICR0_BASE,
        .pool = cpupool_find(config->cpupool_id),
    };
    struct domain *domain;
    int error;

    if (!config_fits(config)) {
        return -EINVAL;
    }
    if (!gic_fits(config->arch.gic_version)) {
        return -ENODEV;
    }
    if (params.pool == NULL) {
        return -ENOENT;
    }
    error = domain_begin(&params, &domain);
    if (error != 0) {
        return error == -ENOSPC ? -ENOMEM : error;
    }
    take_config(domain, config);
    (void)physmap_set_table_pool(&domain->physmap, TABLES_AT_FIRST);
    op->domain = domain->id;
    config->arch.gic_version = machine_gic_config();
    config->arch.clock_frequency = time_tree_hz();
    call->copy_back = true;
    return 0;
}

int64_t domctl_max_vcpus(struct control_call *call, struct xen_domctl *op)
{
    struct domain *domain = call->domain;
    int error;

    if (domain == call->vcpu->domain || op->u.max_vcpus.max != domain->vcpu_max ||
        atomic_load(&domain->dying) != DOMAIN_ALIVE) {
        return -EINVAL;
    }
    error = domain_grow(domain, NULL);
    return error == DOMAIN_GROWS ? CONTROL_AGAIN : error;
}

int64_t domctl_pause(struct control_call *call)
{
    struct domain *domain = call->domain;

    if (domain == call->vcpu->domain) {
        return -EINVAL;
    }
    if (domain->toolstack_pauses == PAUSES_MAX) {
        return -EOVERFLOW;
    }
    domain->toolstack_pauses++;
    domain_pause(domain);
    return 0;
}

int64_t domctl_unpause(struct control_call *call)
{
    struct domain *domain = call->domain;

    if (domain == call->vcpu->domain || domain->toolstack_pauses == 0) {
        return -EINVAL;
    }
    domain->toolstack_pauses--;
    if (domain->toolstack_pauses == 0) {
        domain->being_built = false;
    }
    domain_unpause(domain);
    return 0;
}

int64_t domctl_destroy(struct control_call *call)
{
    if (call->domain == call->vcpu->domain || call->domain->privileged) {
        return -EINVAL;
    }
    return domain_destroy_some(call->domain) == DOMAIN_GROWS ? CONTROL_AGAIN : 0;
}

int64_t domctl_set_handle(struct control_call *call, struct xen_domctl *op)
{
    memcpy(call->domain->handle, op->u.setdomainhandle.handle, sizeof(call->domain->handle));
    return 0;
}

/* EL1 in AArch32 is not there: 64 is what every domain has. */
int64_t domctl_set_address_size(struct control_call *call, struct xen_domctl *op)
{
    (void)call;
    return op->u.address_size.size == 64 ? 0 : -EINVAL;
}

int64_t domctl_set_time_offset(struct control_call *call, struct xen_domctl *op)
{
    call->domain->time_offset_s = op->u.settimeoffset.time_offset_seconds;
    wall_clock_tell(call->domain);
    return 0;
}
