#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# abi_table.py - the hypercalls and operations of docs/abi.md, made from the code and the ABI headers.
"""usage: abi_table.py [--write]

Reads which hypercalls hv/hcall/hypercall.c has (its case labels) and which operations hv/hcall/*.c carry out (case
labels of the ABI's names, or comparisons with them, with the comment behind as remark), takes numbers and all other names from the
headers of libxen-dev, and compares with the part of docs/abi.md between the marks. --write renews that part.

What the headers name and the code lacks must be said below: why it is not there (ABSENT), or that Xen on Arm has it
neither (FOREIGN). So nothing is forgotten, and nothing is listed that is not there."""
import glob
import os
import re
import sys

PAGE = os.path.join("docs", "abi.md")
BEGIN = "<!-- Made by tools/abi_table.py --write; not to be written by hand. -->"
END = "<!-- End of what tools/abi_table.py makes. -->"
HEADERS = "/usr/include/xen"

LATER = "not there yet"

# Hypercall -> prefix of its operations.
OPERATIONS = {
    "platform_op": "XENPF_", "memory_op": "XENMEM_", "xen_version": "XENVER_", "console_io": "CONSOLEIO_",
    "grant_table_op": "GNTTABOP_", "vm_assist": "VMASST_TYPE_", "vcpu_op": "VCPUOP_", "sched_op": "SCHEDOP_",
    "domctl": "XEN_DOMCTL_", "sysctl": "XEN_SYSCTL_", "event_channel_op": "EVTCHNOP_", "physdev_op": "PHYSDEVOP_", "hvm_op": "HVMOP_", "hypfs_op": "XEN_HYPFS_OP_",
}
# Hypercalls that Xen on Arm has; the others of the headers it has not.
ON_ARM = {"memory_op", "multicall", "xen_version", "console_io", "grant_table_op", "vm_assist", "vcpu_op", "xsm_op",
          "sched_op", "event_channel_op", "physdev_op", "hvm_op", "sysctl", "domctl", "platform_op", "argo_op", "dm_op",
          "hypfs_op"}
ABSENT_CALLS = {
    "xsm_op": "there are no security labels; the tools accept that",
    "physdev_op": "Xen on Arm refuses all of it too: no PCI, no physical interrupts by event channel",
    "argo_op": "a transport of its own, off in Debian's Xen",
    "dm_op": "for device models, which no domain here has",
}
# Operations Xen on Arm has and the code has not.
ABSENT = {
    "XENMEM_access_op": "nobody watches a domain's memory",
    "XENMEM_claim_pages": "memory is not promised before it is taken",
    "XENMEM_get_vnumainfo": "there is one node",
    "XENPF_settime32": "64 bits are what every kernel tries first",
    "XENPF_get_symbol": "the image has no symbols",
    "XENVER_build_id": "the image has none; the tools accept that",
    "SCHEDOP_pin_override": "for firmware calls that need one CPU; none is known to",
    "HVMOP_guest_request_vm_event": "nobody watches a domain's memory",
    "EVTCHNOP_bind_pirq": "physical interrupts are given to domains directly, not by event channel",
    "XEN_DOMCTL_resumedomain": "nothing is suspended: Xen on Arm neither saves nor migrates domains",
    "XEN_DOMCTL_set_target": "for device models in domains of their own, which Arm does not need",
    "XEN_DOMCTL_set_virq_handler": "the control domain has them all",
    "XEN_DOMCTL_unbind_pt_irq": "an interrupt is its domain's until that goes",
    "XEN_DOMCTL_setdebugging": "a debugger of a guest needs a trap that no guest's own debugger can have",
    "XEN_DOMCTL_soft_reset": "Xen on Arm has no kexec of a guest by it",
    "XEN_DOMCTL_setvnumainfo": "there is one node",
    "XEN_DOMCTL_vm_event_op": "nobody watches a domain's memory",
    "XEN_DOMCTL_monitor_op": "nobody watches a domain's memory",
    "XEN_DOMCTL_set_access_required": "nobody watches a domain's memory",
    "XEN_DOMCTL_assign_device": "devices are assigned by the tree at boot",
    "XEN_DOMCTL_deassign_device": "devices are assigned by the tree at boot",
    "XEN_DOMCTL_test_assign_device": "devices are assigned by the tree at boot",
    "XEN_DOMCTL_get_device_group": "there is no IOMMU driver",
    "XEN_SYSCTL_perfc_op": "off in Debian's Xen too",
    "XEN_SYSCTL_lockprof_op": "off in Debian's Xen too",
    "XEN_SYSCTL_cpu_hotplug": "x86's",
    "XEN_SYSCTL_page_offline_op": "pages are not taken off line",
    "XEN_SYSCTL_coverage_op": "off in Debian's Xen too",
    "XEN_SYSCTL_livepatch_op": "nothing is patched while it runs",
    "XEN_SYSCTL_pm_op": "frequencies are the firmware's",
    "XEN_SYSCTL_get_pmstat": "frequencies are the firmware's",
    "XEN_SYSCTL_pcitopoinfo": "there is no PCI",
    "VCPUOP_register_vcpu_time_memory_area": "the counter is read by its register on Arm",
}
# Names of the headers that are no operations, or that Xen on Arm does not carry out either. Patterns.
FOREIGN = [
    r"HVMOP_(set_pci_intx_level|set_isa_irq_level|set_pci_link_route|flush_tlbs|pagetable_dying|get_time|xentrace)",
    r"HVMOP_(set_mem_access|get_mem_access|get_mem_type|set_evtchn_upcall_vector|altp2m.*|cmd_.*)",
    r"VCPUOP_(initialise|up|down|set_periodic_timer|stop_periodic_timer|set_singleshot_timer)",
    r"VCPUOP_(stop_singleshot_timer|send_nmi|get_physid)",
    r"EVTCHNOP_reset_cont",
    r"XENPF_(?!settime32$|settime64$|get_symbol$)\w+",
    r"VMASST_TYPE_(?!runstate_update_flag$)\w+",
    r"XENMEM_(paging_op|sharing_op|machphys_|set_pod_target|get_pod_target|memory_map|machine_memory_map)\w*",
    r"GNTTABOP_dump_table",
    r"XEN_DOMCTL_(shadow_op|ioport_\w+|hypercall_init|soft_reset_cont|real_mode_area|sendtrigger|subscribe|\w+hvmcontext\w*)",
    r"XEN_DOMCTL_(get_address_size|\w+_ext_vcpucontext|set_opt_feature|debug_op|mem_sharing_op|\w+ettscinfo|gdbsx_\w+)",
    r"XEN_DOMCTL_(getpageframeinfo3|\w+vcpuextstate|audit_p2m|set_broken_page_p2m|\w+_vcpu_msrs|psr_\w+|\w+_cpu_policy)",
    r"XEN_DOMCTL_vmtrace_\w+",
    r"XEN_SYSCTL_(cpu_featureset_\w+|cpu_policy_\w+|psr_\w+|get_cpu_\w+)",
    r"XENMEM_(access_op_|resource_|set_memory_map|reserved_device_memory_map)\w*",
]


class Wrong(Exception):
    pass


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def header_numbers(prefix):
    """Name -> number of all #defines of a prefix, in the headers where operations are."""
    found = {}
    names = ["xen.h", "event_channel.h", "vcpu.h", "sched.h", "version.h", "platform.h", "physdev.h", "grant_table.h",
             "memory.h", "hvm/hvm_op.h", "domctl.h", "sysctl.h", "hypfs.h"]
    for name in names:
        pattern = rf"^#define ({prefix}[a-z]\w*)\s+(0x[0-9a-f]+|\d+)\s*(?:/\*.*)?$"
        for match in re.finditer(pattern, read(os.path.join(HEADERS, name)), re.M):
            found.setdefault(match.group(1), int(match.group(2), 0))
    return found


def remarks(text, prefix):
    """Name -> the comment behind its case label; "" when there is none."""
    found = {}
    label = rf"(?:^\s*case |== )({prefix}[a-z]\w*)(?::|\) \{{)"
    for match in re.finditer(rf"{label}(?:\s*/\* (.*?) \*/)?", text, re.M | re.S):
        found[match.group(1)] = re.sub(r"\s*\n\s*\*?\s*", " ", match.group(2) or "").strip().rstrip(".")
    return found


def operation_rows(call, code):
    prefix = OPERATIONS[call]
    numbers = header_numbers(prefix)
    there = remarks(code, prefix)
    rows = []
    for name in there:
        if name not in numbers:
            raise Wrong(f"hv/hcall has {name}, which no header has")
        if name in ABSENT:
            raise Wrong(f"hv/hcall has {name}: take it out of ABSENT in tools/abi_table.py")
    for name, number in sorted(numbers.items(), key=lambda item: item[1]):
        if any(re.fullmatch(pattern, name) for pattern in FOREIGN) and name not in there:
            continue
        if name not in there and name not in ABSENT:
            raise Wrong(f"hv/hcall does not have {name}: tell why in ABSENT of tools/abi_table.py, or that Xen on Arm "
                        f"does not either, in FOREIGN")
        state = "yes" if name in there else "no"
        rows.append((name[len(prefix):], number, state, there.get(name) or ABSENT.get(name, "")))
    return rows


def table():
    calls = remarks(read(os.path.join("hv", "hcall", "hypercall.c")), "__HYPERVISOR_")
    code = "\n".join(read(path) for path in sorted(glob.glob(os.path.join("hv", "hcall", "*.c"))))
    numbers = {name[len("__HYPERVISOR_"):]: number for name, number in header_numbers("__HYPERVISOR_").items()}
    lines, missing = [], []
    for call, number in sorted(numbers.items(), key=lambda item: item[1]):
        there = f"__HYPERVISOR_{call}" in calls
        if there and call in ABSENT_CALLS:
            ABSENT_CALLS.pop(call)  # Operations tell the rest.
        if not there:
            if call in ON_ARM and call not in ABSENT_CALLS:
                raise Wrong(f"hypercall.c does not have {call}: tell why in ABSENT_CALLS of tools/abi_table.py")
            if call in ON_ARM:
                missing.append(f"| `{call}` ({number}) | {ABSENT_CALLS[call]} |")
            continue
        lines += [f"### `{call}` ({number})", ""]
        remark = calls[f"__HYPERVISOR_{call}"]
        if remark:
            lines += [f"{remark}.", ""]
        if call in OPERATIONS:
            lines += ["| operation | there | |", "|---|---|---|"]
            lines += [f"| `{name}` ({value}) | {state} | {words} |" for name, value, state, words in
                      operation_rows(call, code)]
            lines.append("")
    lines += ["### Not there", "", "Xen on Arm has them; here they answer -ENOSYS, as does every other number.", "",
              "| hypercall | why |", "|---|---|", *missing, ""]
    return "\n".join(lines)


def main():
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    page = read(PAGE)
    try:
        made = f"{BEGIN}\n\n{table()}\n{END}"
    except Wrong as wrong:
        print(f"abi_table: {wrong}")
        return 1
    parts = re.fullmatch(rf"(.*){re.escape(BEGIN)}.*{re.escape(END)}(.*)", page, re.S)
    if parts is None:
        print(f"abi_table: {PAGE} has not the marks between which the tables are")
        return 1
    wanted = parts.group(1) + made + parts.group(2)
    if sys.argv[1:] == ["--write"]:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(wanted)
    elif wanted != page:
        print(f"abi_table: {PAGE} is not what the code says: run tools/abi_table.py --write")
        return 1
    print(f"{PAGE}: {made.count('| yes |')} operations there, {made.count('| no |')} not")
    return 0


if __name__ == "__main__":
    sys.exit(main())
