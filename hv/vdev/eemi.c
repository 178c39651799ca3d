/* SPDX-License-Identifier: Apache-2.0 */
/* eemi.c - which calls of Dom0 to the ZynqMP's firmware pass. It has the devices, so it needs their power,
 * clocks, resets and pins; what all domains stand on is not its own: CPUs, caches, memory, and the
 * hypervisor's UART.
 *
 * A call is function 0xc2000000 + number; its 32-bit arguments stand in pairs in 64-bit registers, the first
 * in the low half. Of most calls the first one says what it is about: a node (power), a reset line, or a
 * clock.
 *
 * Sources: Xilinx UG1200 (EEMI); numbers of nodes, resets and clocks also in Linux's
 * include/dt-bindings/{power,reset,clock}/xlnx-zynqmp-*.h. */
#include "vdev/eemi.h"

#define EEMI_FIRST 0xc2000000u
#define SIP_CALL_COUNT 0x8200ff00u /* SMCCC's questions to whoever answers calls of the SoC's maker. */
#define SIP_UID 0x8200ff01u
#define SIP_REVISION 0x8200ff03u

/* What the first argument names. */
enum about {
    ABOUT_NOTHING,
    ABOUT_NODE,
    ABOUT_RESET,
    ABOUT_CLOCK,
    ABOUT_IOCTL, /* A node; the second argument is what to do. */
};

struct row {
    uint16_t number;
    enum eemi_verdict verdict; /* EEMI_PASS: unless what it is about is not Dom0's. */
    enum about about;
};

static const struct row rows[] = {
    {1, EEMI_PASS, ABOUT_NOTHING},      /* GET_API_VERSION */
    {2, EEMI_NO_ACCESS, ABOUT_NOTHING}, /* SET_CONFIGURATION */
    {3, EEMI_PASS, ABOUT_NOTHING},      /* GET_NODE_STATUS */
    {4, EEMI_PASS, ABOUT_NOTHING},      /* GET_OP_CHARACTERISTIC */
    {5, EEMI_PASS, ABOUT_NOTHING},      /* REGISTER_NOTIFIER */
    {6, EEMI_PASS, ABOUT_NODE},         /* REQUEST_SUSPEND */
    {7, EEMI_ACCEPT, ABOUT_NOTHING}, /* SELF_SUSPEND: its vCPU sleeps by wfi, the CPU is the hypervisor's. */
    {8, EEMI_PASS, ABOUT_NODE},      /* FORCE_POWERDOWN */
    {9, EEMI_NO_ACCESS, ABOUT_NOTHING},  /* ABORT_SUSPEND */
    {10, EEMI_PASS, ABOUT_NODE},         /* REQUEST_WAKEUP */
    {11, EEMI_PASS, ABOUT_NODE},         /* SET_WAKEUP_SOURCE */
    {12, EEMI_NO_ACCESS, ABOUT_NOTHING}, /* SYSTEM_SHUTDOWN: by PSCI, through the hypervisor. */
    {13, EEMI_PASS, ABOUT_NOTHING},      /* REQUEST_NODE */
    {14, EEMI_PASS, ABOUT_NODE},         /* RELEASE_NODE */
    {15, EEMI_PASS, ABOUT_NODE},         /* SET_REQUIREMENT */
    {16, EEMI_PASS, ABOUT_NODE},         /* SET_MAX_LATENCY */
    {17, EEMI_PASS, ABOUT_RESET},        /* RESET_ASSERT */
    {18, EEMI_PASS, ABOUT_NOTHING},      /* RESET_GET_STATUS */
    {19, EEMI_NO_ACCESS, ABOUT_NOTHING}, /* MMIO_WRITE: any register of the SoC. */
    {20, EEMI_NO_ACCESS, ABOUT_NOTHING}, /* MMIO_READ */
    {21, EEMI_ACCEPT,
     ABOUT_NOTHING}, /* INIT_FINALIZE: would power off what Dom0 has not asked for: others' devices. */
    {22, EEMI_PASS, ABOUT_NOTHING},    /* FPGA_LOAD */
    {23, EEMI_PASS, ABOUT_NOTHING},    /* FPGA_GET_STATUS */
    {24, EEMI_PASS, ABOUT_NOTHING},    /* GET_CHIPID */
    {26, EEMI_PASS, ABOUT_NOTHING},    /* SECURE_SHA */
    {27, EEMI_PASS, ABOUT_NOTHING},    /* SECURE_RSA */
    {28, EEMI_PASS, ABOUT_NOTHING},    /* PINCTRL_REQUEST */
    {29, EEMI_PASS, ABOUT_NOTHING},    /* PINCTRL_RELEASE */
    {30, EEMI_PASS, ABOUT_NOTHING},    /* PINCTRL_GET_FUNCTION */
    {31, EEMI_PASS, ABOUT_NOTHING},    /* PINCTRL_SET_FUNCTION */
    {32, EEMI_PASS, ABOUT_NOTHING},    /* PINCTRL_CONFIG_PARAM_GET */
    {33, EEMI_PASS, ABOUT_NOTHING},    /* PINCTRL_CONFIG_PARAM_SET */
    {34, EEMI_PASS, ABOUT_IOCTL},      /* IOCTL */
    {35, EEMI_PASS, ABOUT_NOTHING},    /* QUERY_DATA */
    {36, EEMI_PASS, ABOUT_NOTHING},    /* CLOCK_ENABLE */
    {37, EEMI_PASS, ABOUT_CLOCK},      /* CLOCK_DISABLE */
    {38, EEMI_PASS, ABOUT_NOTHING},    /* CLOCK_GETSTATE */
    {39, EEMI_PASS, ABOUT_CLOCK},      /* CLOCK_SETDIVIDER */
    {40, EEMI_PASS, ABOUT_NOTHING},    /* CLOCK_GETDIVIDER */
    {41, EEMI_PASS, ABOUT_CLOCK},      /* CLOCK_SETRATE */
    {42, EEMI_PASS, ABOUT_NOTHING},    /* CLOCK_GETRATE */
    {43, EEMI_PASS, ABOUT_CLOCK},      /* CLOCK_SETPARENT */
    {44, EEMI_PASS, ABOUT_NOTHING},    /* CLOCK_GETPARENT */
    {46, EEMI_PASS, ABOUT_NOTHING},    /* FPGA_READ */
    {47, EEMI_PASS, ABOUT_NOTHING},    /* SECURE_AES */
    {63, EEMI_PASS, ABOUT_NOTHING},    /* FEATURE_CHECK */
    {0xa01, EEMI_PASS, ABOUT_NOTHING}, /* GET_CALLBACK_DATA */
    {0xa03, EEMI_PASS, ABOUT_NOTHING}, /* GET_TRUSTZONE_VERSION */
};

/* First and last of a range of numbers. */
struct span {
    uint32_t first, last;
};

static const struct span kept_nodes[] = {
    {0, 5},   /* All; the APU and its four CPUs. */
    {10, 14}, /* The full-power domain, in which they are; on-chip memory, where the firmware lives. */
    {19, 19}, /* Their L2 cache. */
    {50, 50}, /* PLLs but the video's; */
    {52, 55}, /* DDR memory. */
    {62, 62}, /* The low-power domain. */
    {73, 73}, /* The security unit, */
    {77, UINT32_MAX}, /* the firmware's own processor. */
};

static const struct span kept_resets[] = {
    {1017, 1026},               /* CPUs, L2, DDR. */
    {1028, 1028},               /* All of the chip. */
    {1052, 1053},               /* The interconnect of the UARTs; the counter's time stamps. */
    {1057, 1057},               /* On-chip memory. */
    {1070, 1071},               /* The firmware's watchdog; the full-power domain. */
    {1074, 1077},               /* Debug; PLLs but the video's. */
    {1079, 1080}, {1114, 1114}, /* All but the programmable logic. */
};

static const struct span kept_clocks[] = {
    {0, 3},             /* PLLs but the video's. */
    {5, 8},   {10, 11}, /* The CPUs. */
    {21, 21},           /* DDR memory. */
    {27, 28},           /* Main interconnect. */
    {30, 31},
};

/* The hypervisor's console is one of these. */
static const struct {
    uint64_t base;
    uint32_t node, reset, clock;
} uarts[] = {{0xff000000, 33, 1034, 56}, {0xff010000, 34, 1035, 57}};

static bool in_spans(const struct span *spans, size_t count, uint32_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (number >= spans[i].first && number <= spans[i].last) {
            return true;
        }
    }
    return false;
}

/* Number of the console as @about counts; UINT32_MAX: it is none of the SoC's. */
static uint32_t console_number(enum about about, pa_t console)
{
    for (size_t i = 0; i < ARRAY_COUNT(uarts); i++) {
        if (uarts[i].base == console.v) {
            return about == ABOUT_RESET   ? uarts[i].reset
                   : about == ABOUT_CLOCK ? uarts[i].clock
                                          : uarts[i].node;
        }
    }
    return UINT32_MAX;
}

/* Operations that read and write registers of the firmware's choice, or hand an SGI to the firmware. */
static bool ioctl_is_kept(uint32_t operation)
{
    return operation == 25 || operation == 28 || operation == 29;
}

static bool is_kept(enum about about, const uint64_t args[4], pa_t console)
{
    uint32_t first = (uint32_t)args[0];

    switch (about) {
    case ABOUT_NOTHING:
        return false;
    case ABOUT_NODE:
        return in_spans(kept_nodes, ARRAY_COUNT(kept_nodes), first) ||
               first == console_number(about, console);
    case ABOUT_RESET:
        return in_spans(kept_resets, ARRAY_COUNT(kept_resets), first) ||
               first == console_number(about, console);
    case ABOUT_CLOCK:
        return in_spans(kept_clocks, ARRAY_COUNT(kept_clocks), first) ||
               first == console_number(about, console);
    case ABOUT_IOCTL:
        return ioctl_is_kept((uint32_t)(args[0] >> 32));
    }
    return true;
}

enum eemi_verdict eemi_judge(uint32_t function, const uint64_t args[4], pa_t console)
{
    if (function == SIP_CALL_COUNT || function == SIP_UID || function == SIP_REVISION) {
        return EEMI_PASS;
    }
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (function == EEMI_FIRST + rows[i].number) {
            return rows[i].verdict == EEMI_PASS && is_kept(rows[i].about, args, console) ? EEMI_NO_ACCESS
                                                                                         : rows[i].verdict;
        }
    }
    return EEMI_UNKNOWN;
}
