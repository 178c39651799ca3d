/* SPDX-License-Identifier: Apache-2.0 */
/* test_sched_config.c - what a tree says about scheduling: parameters, schedules, CPU pools. */
#include "domain_tree.h"

static void check_params(unsigned vcpu, uint32_t weight, uint64_t period_us, uint64_t budget_us,
                         bool extratime)
{
    const struct sched_params *params = &config.domains[0].vcpu_params[vcpu];

    CHECK_EQ(params->weight, weight);
    CHECK_EQ(params->period_ns, period_us * 1000);
    CHECK_EQ(params->budget_ns, budget_us * 1000);
    CHECK_EQ(params->extratime, extratime);
}

/* Those of the domain for all its vCPUs, and of one over them. */
TEST(scheduling_parameters)
{
    read_domain("memory = <0 8192>; cpus = <2>; bulkhead,weight = <512>; bulkhead,period-us = <20000>; "
                "bulkhead,extratime = <0>; " KERNEL
                "v { compatible = \"xen,vcpu\"; id = <1>; bulkhead,budget-us = <15000>; bulkhead,extratime = "
                "<1>; };");
    CHECK_EQ(config.domain_count, 1);
    check_params(0, 512, 20000, 4000, false);
    check_params(1, 512, 20000, 15000, true);
    read_domain(BASICS);
    check_params(0, 256, 10000, 4000, true);
}

TEST(scheduling_parameters_out_of_range)
{
    read_domain("bulkhead,weight = <0>; bulkhead,extratime = <2>; " BASICS);
    CHECK_EQ(config.domain_count, 0);
    CHECK(test_log_contains("/chosen/domU1: bulkhead,weight: write a number from 1 to 65535, as <1>"));
    CHECK(test_log_contains("/chosen/domU1: bulkhead,extratime: write a number from 0 to 1"));
    read_domain("bulkhead,cap = <65536>; " BASICS);
    CHECK(test_log_contains("/chosen/domU1: bulkhead,cap: write a number from 0 to 65535"));
    read_domain(BASICS "v { compatible = \"xen,vcpu\"; id = <0>; bulkhead,cap = <10>; };");
    CHECK_EQ(config.domain_count, 0);
    CHECK(test_log_contains("/chosen/domU1/v: bulkhead,cap is for all vCPUs of a domain together"));
    read_domain("bulkhead,cap = <150>; " BASICS);
    CHECK_EQ(config.domains[0].vcpu_params[0].cap, 150);
    read_domain("bulkhead,budget-us = \"no\"; " BASICS);
    CHECK(test_log_contains("bulkhead,budget-us: write a number from 10 to 3600000000"));
    read_domain(BASICS "v { compatible = \"xen,vcpu\"; id = <0>; bulkhead,budget-us = <10001>; };");
    CHECK_EQ(config.domain_count, 0);
    CHECK(test_log_contains("/chosen/domU1/v: bulkhead,budget-us of 10001 is more than the period of 10000"));
}

/* Two domains and @schedule. */
static void read_schedule(const char *schedule, const char *cmdline)
{
    char chosen[8192];

    test_log_clear();
    snprintf(chosen, sizeof(chosen),
             "#address-cells = <2>; #size-cells = <1>;"
             "s { compatible = \"bulkhead,arinc653\"; %s };"
             "a: a { compatible = \"xen,domain\"; memory = <0 8192>; cpus = <2>; " KERNEL " };"
             "bad: bad { compatible = \"xen,domain\"; };"
             "b: b { compatible = \"xen,domain\"; memory = <0 8192>; " KERNEL " };",
             schedule);
    read_chosen(chosen, cmdline);
}

TEST(schedule_of_slots)
{
    read_schedule("major-frame-us = <20000>; slots = <&b 0 3 0 5000>, <&a 1 0 5000 7000>;", "sched=arinc653");
    CHECK_STR_EQ(config.schedule.path, "/chosen/s");
    CHECK_EQ(config.schedule.frame_us, 20000);
    CHECK_EQ(config.schedule.slot_count, 2);
    CHECK_EQ(config.schedule.slots[0].domain, 1);
    CHECK_EQ(config.schedule.slots[0].cpu, 3);
    CHECK_EQ(config.schedule.slots[1].domain, 0);
    CHECK_EQ(config.schedule.slots[1].vcpu, 1);
    CHECK_EQ(config.schedule.slots[1].start_us, 5000);
    CHECK_EQ(config.schedule.slots[1].length_us, 7000);
    read_schedule("major-frame-us = <20000>; slots = <&b 0 3 0 5000>;", "sched=rtds");
    CHECK_STR_EQ(config.schedule.path, "");
    CHECK(test_log_contains("/chosen/s: a schedule has no effect under rtds; write sched=arinc653"));
}

TEST(schedule_with_a_wrong_slot)
{
    static const char *const wrong[][2] = {
        {"slots = <&b 0 3 0 5000>;", "/chosen/s: major-frame-us is missing"},
        {"major-frame-us = <20000>;", "/chosen/s: slots: write five cells for each"},
        {"major-frame-us = <20000>; slots = <&b 0 3 0>;", "/chosen/s: slots: write five cells for each"},
        {"major-frame-us = <20000>; slots = <&b 0 3 0 5000>, <&bad 0 3 0 5000>;",
         "/chosen/s: slot 1 names no domain"},
        {"major-frame-us = <20000>; slots = <0 0 3 0 5000>;", "/chosen/s: slot 0 names no domain"},
        {"major-frame-us = <20000>; slots = <&a 2 3 0 5000>;",
         "/chosen/s: slot 0 names vCPU 2 of /chosen/a, which has 2"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        read_schedule(wrong[i][0], "sched=arinc653");
        CHECK(test_log_contains(wrong[i][1]));
        CHECK(test_log_contains("/chosen/s: not used: every vCPU has a slot of 10 ms instead"));
        CHECK_STR_EQ(config.schedule.path, "");
        CHECK_EQ(config.domain_count, 2);
    }
}

/* Two pools of the machine's four CPUs, and @domains. The nodes of CPUs have no labels here. */
static void read_pools(const char *pools, const char *domains, const char *cmdline)
{
    char chosen[8192];

    test_log_clear();
    snprintf(chosen, sizeof(chosen), "#address-cells = <2>; #size-cells = <1>; %s %s", pools, domains);
    read_chosen(chosen, cmdline);
}

#define CPU(n) "&{/cpus/cpu@" #n "}"
#define POOL(name, cpus, more)                                                                               \
#name ": " #name " { compatible = \"xen,cpupool\"; cpupool-cpus = <" cpus ">; " more " };"
#define DOMAIN(name, more) #name " { compatible = \"xen,domain\"; memory = <0 4096>; " more KERNEL " };"

TEST(cpu_pools)
{
    read_pools(POOL(p, CPU(1) " " CPU(3), "cpupool-sched = \"null\";") POOL(q, CPU(2), ""),
               DOMAIN(a, "domain-cpupool = <&p>; cpus = <2>;") DOMAIN(b, "domain-cpupool = <&q>;")
                   DOMAIN(c, "") DOMAIN(d, "domain-cpupool = <&p>;"),
               "sched=rtds");
    CHECK_EQ(config.pool_count, 3);
    CHECK_EQ(config.pools[0].cpus, 0x1);
    CHECK_EQ(config.pools[1].cpus, 0xa);
    CHECK_EQ(config.pools[2].cpus, 0x4);
    CHECK_PTR_EQ(config.pools[0].ops, &sched_rtds);
    CHECK_PTR_EQ(config.pools[1].ops, &sched_null);
    CHECK_PTR_EQ(config.pools[2].ops, &sched_rtds);
    CHECK_EQ(config.domain_count, 3); /* Not d: null has no CPU left. */
    CHECK_EQ(config.domains[0].pool, 1);
    CHECK_EQ(config.domains[1].pool, 2);
    CHECK_EQ(config.domains[2].pool, 0);
    CHECK(test_log_contains(
        "/chosen/d: cpus: sched=null gives each vCPU a CPU of its own: 0 of 2 CPUs are left"));
    read_pools("", DOMAIN(a, ""), "");
    CHECK_EQ(config.pool_count, 1);
    CHECK_EQ(config.pools[0].cpus, 0xf);
    CHECK_PTR_EQ(config.pools[0].ops, &sched_credit2);
}

TEST(cpu_pools_that_are_wrong)
{
    static const char *const wrong[][2] = {
        {POOL(p, "", ""), "/chosen/p: cpupool-cpus: write references to the nodes of one to 8 CPUs"},
        {POOL(p, CPU(1) " 77", ""), "/chosen/p: cpupool-cpus: entry 1 is no CPU that is used"},
        {POOL(p, CPU(1) " " CPU(1), ""), "/chosen/p: cpupool-cpus: entry 1, CPU 1, is in a pool already"},
        {POOL(p, CPU(1), "cpupool-sched = \"fair\";"), "/chosen/p: cpupool-sched \"fair\": write the name"},
        {POOL(p, CPU(1), "cpupool-sched = <1>;"), "/chosen/p: cpupool-sched \"\": write the name"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        read_pools(wrong[i][0], DOMAIN(a, "domain-cpupool = <&p>;") DOMAIN(b, ""), "");
        CHECK(test_log_contains(wrong[i][1]));
        CHECK(test_log_contains("/chosen/p: pool left out: its CPUs stay in the first pool"));
        CHECK(test_log_contains("/chosen/a: domain-cpupool: write a reference to an xen,cpupool node"));
        CHECK_EQ(config.pool_count, 1);
        CHECK_EQ(config.pools[0].cpus, 0xf);
        CHECK_EQ(config.domain_count, 1);
    }
    read_pools(POOL(p, CPU(0) " " CPU(1) " " CPU(2) " " CPU(3), ""),
               DOMAIN(a, "") DOMAIN(b, "domain-cpupool = <&p>;"), "");
    CHECK_EQ(config.domain_count, 1);
    CHECK(test_log_contains("/chosen/a: all CPUs are in pools; write domain-cpupool"));
    read_pools(POOL(p, CPU(2) " " CPU(3), ""),
               DOMAIN(a, "v { compatible = \"xen,vcpu\"; id = <0>; hard-affinity = \"2\"; };"), "");
    CHECK(test_log_contains("/chosen/a/v: hard-affinity \"2\" has no CPU of the domain's pool"));
}
