/* SPDX-License-Identifier: Apache-2.0 */
/* test_cmdline.c - the hypervisor's command line: values, Xen's syntax, and what is said about mistakes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/cmdline.h"
#include "boot/cmdline_names.h"
#include "lib/log.h"
#include "test.h"

static struct options parse(const char *text)
{
    struct options options;

    memset(&options, 0xa5, sizeof(options));
    cmdline_parse(text, &options);
    return options;
}

TEST(defaults)
{
    struct options o = parse("");

    CHECK_STR_EQ(o.console, "dtuart");
    CHECK_STR_EQ(o.dtuart, "");
    CHECK_STR_EQ(o.sched, "credit2");
    CHECK_EQ(o.vwfi, VWFI_AUTO);
    CHECK_EQ(o.log_threshold, LOG_INFO);
    CHECK_EQ(o.guest_log_threshold, LOG_WARN);
    CHECK_EQ(o.maxcpus, CPU_MAX);
    CHECK(o.bootscrub && !o.noreboot);
    CHECK_STR_EQ(test_log_text(), "");
}

TEST(every_option_takes_its_values)
{
    struct options o = parse("  console=dtuart dtuart=serial0:115200n8  sched=null vwfi=native loglvl=debug"
                             " guest_loglvl=none bootscrub=0 noreboot maxcpus=2 ");

    CHECK_STR_EQ(o.console, "dtuart");
    CHECK_STR_EQ(o.dtuart, "serial0:115200n8");
    CHECK_STR_EQ(o.sched, "null");
    CHECK_EQ(o.vwfi, VWFI_NATIVE);
    CHECK_EQ(o.log_threshold, LOG_DEBUG);
    CHECK_EQ(o.guest_log_threshold, LOG_ERROR);
    CHECK_EQ(o.maxcpus, 2);
    CHECK(!o.bootscrub && o.noreboot);
    CHECK_STR_EQ(test_log_text(), "");
    CHECK_EQ(parse("vwfi=trap").vwfi, VWFI_TRAP);
    CHECK_EQ(parse("vwfi=trap vwfi=auto").vwfi, VWFI_AUTO);
    CHECK_STR_EQ(parse("console=none").console, "none");
    CHECK_STR_EQ(parse("console=vga,dtuart").console, "dtuart");
    CHECK_STR_EQ(test_log_text(), "");
}

TEST(booleans_in_all_spellings)
{
    static const char *const yes[] = {"noreboot",      "noreboot=1",      "noreboot=on", "noreboot=yes",
                                      "noreboot=true", "noreboot=enable", "noreboot="};
    static const char *const no[] = {"no-noreboot", "noreboot=0",     "noreboot=off",
                                     "noreboot=no", "noreboot=false", "noreboot=disable"};

    for (size_t i = 0; i < ARRAY_COUNT(yes); i++) {
        CHECK(parse(yes[i]).noreboot);
    }
    for (size_t i = 0; i < ARRAY_COUNT(no); i++) {
        char text[64];

        snprintf(text, sizeof(text), "noreboot %s", no[i]);
        CHECK(!parse(text).noreboot);
    }
    CHECK(!parse("no-bootscrub").bootscrub);
    CHECK(parse("bootscrub=off bootscrub=idle").bootscrub);
    CHECK_STR_EQ(test_log_text(), "");
}

TEST(levels_as_in_xen)
{
    CHECK_EQ(parse("loglvl=all").log_threshold, LOG_DEBUG);
    CHECK_EQ(parse("loglvl=error").log_threshold, LOG_ERROR);
    CHECK_EQ(parse("loglvl=none/warning").log_threshold, LOG_WARN);
    CHECK_EQ(parse("loglvl=info/warning").log_threshold, LOG_INFO);
    CHECK_EQ(parse("guest_loglvl=warning/all").guest_log_threshold, LOG_DEBUG);
    CHECK_STR_EQ(test_log_text(), "");
    CHECK_EQ(parse("loglvl=warn").log_threshold, LOG_INFO);
    CHECK(test_log_contains("none, error, warning, info, debug or all"));
    test_log_clear();
    CHECK_EQ(parse("loglvl=error/").log_threshold, LOG_INFO);
    CHECK(test_log_contains("loglvl=error/ is not understood"));
}

TEST(numbers)
{
    CHECK_EQ(parse("maxcpus=0x4").maxcpus, 4);
    CHECK_EQ(parse("maxcpus=07").maxcpus, 7);
    CHECK_STR_EQ(test_log_text(), "");
    CHECK_EQ(parse("maxcpus=1000").maxcpus, CPU_MAX);
    CHECK(test_log_contains("at most 8"));
    CHECK_EQ(parse("maxcpus=0").maxcpus, CPU_MAX);
    CHECK(test_log_contains("maxcpus=0 is not understood"));
    CHECK_EQ(parse("maxcpus=3x").maxcpus, CPU_MAX);
    CHECK_EQ(parse("maxcpus=0x").maxcpus, CPU_MAX);
    CHECK_EQ(parse("maxcpus=08").maxcpus, CPU_MAX);
    CHECK_EQ(parse("maxcpus=").maxcpus, CPU_MAX);
    CHECK_EQ(parse("maxcpus=-1").maxcpus, CPU_MAX);
    CHECK_EQ(parse("maxcpus=99999999999999999999").maxcpus, CPU_MAX);
    CHECK_EQ(test_log_count(LOG_WARN), 8);
}

TEST(tracing_has_options)
{
    CHECK_EQ(parse("").tbuf_size, 0);
    CHECK_EQ(parse("tbuf_size=32 tevt_mask=0x0002f000").tbuf_size, 32);
    CHECK_EQ(parse("tevt_mask=0x0002f000").tevt_mask, 0x2f000);
    CHECK_EQ(parse("tbuf_size=much").tbuf_size, 0);
    CHECK(test_log_contains("a number of pages"));
    CHECK_EQ(parse("no-tevt_mask").tevt_mask, 0);
    CHECK_EQ(test_log_count(LOG_WARN), 2);
}

TEST(schedulers_have_options)
{
    CHECK_STR_EQ(parse("sched=rtds").sched, "rtds");
    CHECK_STR_EQ(parse("sched=arinc653").sched, "arinc653");
    CHECK_EQ(parse("").sched_ratelimit_us, 1000);
    CHECK(!parse("").sched_overcommit);
    CHECK(parse("sched_overcommit").sched_overcommit);
    CHECK_EQ(parse("sched_ratelimit_us=0").sched_ratelimit_us, 0);
    CHECK_EQ(parse("sched_ratelimit_us=500000").sched_ratelimit_us, 500000);
    CHECK_EQ(parse("sched_ratelimit_us=500001").sched_ratelimit_us, 1000);
    CHECK(test_log_contains("100 to 500000"));
    CHECK_EQ(parse("sched_ratelimit_us=99").sched_ratelimit_us, 1000);
    CHECK_EQ(parse("").credit2_cap_period_ms, 10);
    CHECK_EQ(parse("credit2_cap_period_ms=100").credit2_cap_period_ms, 100);
    CHECK_EQ(parse("credit2_cap_period_ms=0").credit2_cap_period_ms, 10);
    CHECK(test_log_contains("1 to 1000 milliseconds"));
}

TEST(unknown_scheduler_names_those_there_are)
{
    CHECK_STR_EQ(parse("sched=xyz").sched, "credit2");
    CHECK(test_log_contains("WARN: command line: sched=xyz is no scheduler; write one of: "));
    CHECK(test_log_contains("credit2"));
    CHECK(test_log_contains("null"));
    CHECK_STR_EQ(parse("sched=null sched=credit").sched, "null");
    CHECK(test_log_contains("sched=credit is not there; write one of: credit2, null, rtds, arinc653."));
    CHECK(test_log_contains("Going on with sched=null"));
}

TEST(bad_values_name_the_allowed_ones)
{
    CHECK_EQ(parse("vwfi=maybe").vwfi, VWFI_AUTO);
    CHECK(test_log_contains("vwfi=maybe is not understood; write auto, trap or native"));
    CHECK_STR_EQ(parse("console=ttyAMA0").console, "dtuart");
    CHECK(test_log_contains("console=ttyAMA0 is not understood; write dtuart or none"));
    CHECK(!parse("noreboot=perhaps").noreboot);
    CHECK(test_log_contains("noreboot=perhaps"));
    CHECK(parse("no-bootscrub=0").bootscrub);
    CHECK(test_log_contains("no-bootscrub=0"));
}

TEST(unknown_option_names_the_nearest)
{
    (void)parse("shced=null");
    CHECK(test_log_contains("no option \"shced\"; did you mean sched?"));
    test_log_clear();
    (void)parse("guest_loglevel=all");
    CHECK(test_log_contains("did you mean guest_loglvl?"));
    test_log_clear();
    (void)parse("fancy_new_thing=1");
    CHECK(test_log_contains("no option \"fancy_new_thing\"; there are bootscrub, console"));
    test_log_clear();
    (void)parse("x");
    CHECK(!test_log_contains("did you mean"));
}

TEST(options_of_xen_and_linux_are_told_apart)
{
    (void)parse("dom0_nodes=1");
    CHECK(test_log_contains("dom0_nodes has no effect: of Dom0, memory and vCPUs can be chosen"));
    (void)parse("credit2_runqueue=core");
    CHECK(test_log_contains("credit2_runqueue has no effect"));
    (void)parse("no-watchdog");
    CHECK(test_log_contains("watchdog has no effect"));
    (void)parse("root=/dev/vda1");
    CHECK(test_log_contains("root is an option of Linux"));
    CHECK_EQ(test_log_count(LOG_WARN), 4);
}

TEST(every_foreign_name_has_words_and_hides_no_option)
{
    for (const struct cmdline_foreign *f = cmdline_xen_names; f->name != NULL; f++) {
        char text[64];

        CHECK(f->instead != NULL && f->instead[0] != '\0');
        test_log_clear();
        snprintf(text, sizeof(text), "%s", f->name);
        (void)parse(text);
        CHECK(test_log_contains("has no effect"));
    }
}

TEST(quotes_hold_spaces)
{
    CHECK_STR_EQ(parse("dtuart=\"/soc/a b\" sched=null").dtuart, "/soc/a b");
    CHECK_STR_EQ(parse("\"sched=null\"").sched, "null");
    CHECK_STR_EQ(test_log_text(), "");
    (void)parse("dtuart=\"abc sched=null");
    CHECK(test_log_contains("a quote is not closed"));
}

TEST(what_follows_dashes_is_not_used)
{
    struct options o = parse("sched=null -- vwfi=trap");

    CHECK_STR_EQ(o.sched, "null");
    CHECK_EQ(o.vwfi, VWFI_AUTO);
    CHECK(test_log_contains("what follows -- is not used"));
}

TEST(too_long_is_said_and_harmless)
{
    char text[600];

    memset(text, 'a', sizeof(text));
    memcpy(text, "dtuart=", 7);
    text[400] = ' ';
    memcpy(text + 401, "maxcpus=3", 10);
    CHECK_EQ(parse(text).maxcpus, 3);
    CHECK_STR_EQ(parse(text).dtuart, "");
    CHECK(test_log_contains("is longer than"));
    text[110] = '\0';
    CHECK_STR_EQ(parse(text).dtuart, "");
    CHECK(test_log_contains("up to 95 characters"));
}

/* Whatever stands there: no crash, and every field stays in its range. */
TEST(random_text_keeps_fields_in_range)
{
    static const char *const words[] = {"sched",   "=",    "null",   " ",         "no-",    "maxcpus", "9",
                                        "\"",      "vwfi", "trap",   "--",        "loglvl", "/",       "all",
                                        "console", ",",    "dtuart", "bootscrub", "0x",     "\xff"};

    for (int round = 0; round < 3000; round++) {
        char text[400] = "";
        struct options o;

        for (uint64_t i = test_random_below(24); i > 0; i--) {
            strcat(text, words[test_random_below(ARRAY_COUNT(words))]);
        }
        o = parse(text);
        CHECK(o.maxcpus >= 1 && o.maxcpus <= CPU_MAX);
        CHECK(o.vwfi <= VWFI_NATIVE && o.log_threshold <= LOG_DEBUG && o.guest_log_threshold <= LOG_DEBUG);
        CHECK(strcmp(o.console, "dtuart") == 0 || strcmp(o.console, "none") == 0);
        CHECK(strlen(o.dtuart) < sizeof(o.dtuart));
        test_log_clear();
    }
}
