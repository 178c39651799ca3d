/* SPDX-License-Identifier: Apache-2.0 */
/* dts.h - device trees for tests, written as source and compiled by dtc when the test runs. */
#ifndef TESTS_HOST_DTS_H
#define TESTS_HOST_DTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A small machine like QEMU's virt: 4 CPUs, GICv2, timer, PSCI, PL011 and PL031 behind a bus with ranges, 128
 * MiB of memory at 0x40000000. */
static const char dts_machine_before[] =
    "/memreserve/ 0x47000000 0x1000;\n"
    "/ { #address-cells = <2>; #size-cells = <2>; model = \"test machine\"; interrupt-parent = <&gic>;\n"
    " aliases { serial0 = \"/soc/serial@10000\"; loop = \"loop\"; };\n"
    " memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x8000000>; };\n"
    " reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; fw@46000000 { reg = <0 0x46000000 0 "
    "0x100000>; }; };\n"
    " psci { compatible = \"arm,psci-1.0\", \"arm,psci-0.2\"; method = \"smc\"; };\n"
    " timer { compatible = \"arm,armv8-timer\"; interrupts = <1 13 4 1 14 4 1 11 4 1 10 4>; };\n"
    " cpus { #address-cells = <1>; #size-cells = <0>;\n"
    "  cpu@0 { device_type = \"cpu\"; reg = <0>; enable-method = \"psci\"; };\n"
    "  cpu@1 { device_type = \"cpu\"; reg = <1>; enable-method = \"psci\"; };\n"
    "  cpu@2 { device_type = \"cpu\"; reg = <2>; enable-method = \"psci\"; };\n"
    "  cpu@3 { device_type = \"cpu\"; reg = <3>; enable-method = \"psci\"; }; };\n"
    " soc { compatible = \"simple-bus\"; #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0x8000000 "
    "0x2000000>;\n"
    "  gic: intc@0 { compatible = \"arm,cortex-a15-gic\"; #interrupt-cells = <3>; interrupt-controller;\n"
    "   interrupts = <1 9 4>; reg = <0 0x10000 0x10000 0x20000 0x30000 0x10000 0x40000 0x10000>; };\n"
    "  serial@10000 { compatible = \"arm,pl011\", \"arm,primecell\"; reg = <0x1000000 0x1000>; interrupts = "
    "<0 1 4>; };\n"
    "  rtc@20000 { compatible = \"arm,pl031\"; reg = <0x1010000 0x1000>; interrupts = <0 2 4>; };\n"
    "  edge@30000 { reg = <0x1020000 0x1000>; interrupts = <0 7 1>; }; };\n"
    " chosen { stdout-path = \"serial0:115200n8\";\n";

/* A whole file in malloc'ed memory, 8-byte aligned, its size in @size unless NULL; NULL when it cannot be
 * read. */
static inline void *dts_load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    size_t bytes, got;
    void *tree;

    if (file == NULL) {
        return NULL;
    }
    fseek(file, 0, SEEK_END);
    bytes = (size_t)ftell(file);
    rewind(file);
    tree = malloc(bytes);
    got = tree == NULL ? 0 : fread(tree, 1, bytes, file);
    fclose(file);
    if (got != bytes) {
        abort();
    }
    if (size != NULL) {
        *size = bytes;
    }
    return tree;
}

/* Compile @source ("/dts-v1/;" is put before it), into memory as above. Ends the program when dtc is missing
 * or refuses it. */
static inline void *dts_compile(const char *source, size_t *size)
{
    char in[] = "/tmp/dts-XXXXXX", out[sizeof(in) + 4], command[sizeof(in) * 2 + 40];
    int fd = mkstemp(in);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    void *tree;

    if (file == NULL) {
        abort();
    }
    fprintf(file, "/dts-v1/;\n%s", source);
    fclose(file);
    snprintf(out, sizeof(out), "%s.dtb", in);
    snprintf(command, sizeof(command), "dtc -qq -I dts -O dtb -o %s %s", out, in);
    if (system(command) != 0) {
        fprintf(stderr, "dtc refuses this, or is missing (apt-get install device-tree-compiler):\n%s\n",
                source);
        exit(1);
    }
    tree = dts_load(out, size);
    remove(in);
    remove(out);
    return tree;
}

/* The machine below, with @chosen as what stands inside its /chosen. */
static inline void *dts_machine(const char *chosen, size_t *size)
{
    size_t bytes = sizeof(dts_machine_before) + strlen(chosen) + 16;
    char *source = malloc(bytes);
    void *tree;

    snprintf(source, bytes, "%s%s}; };\n", dts_machine_before, chosen);
    tree = dts_compile(source, size);
    free(source);
    return tree;
}

#endif
