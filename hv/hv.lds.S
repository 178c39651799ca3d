/* SPDX-License-Identifier: Apache-2.0 */
/* hv.lds.S - where the parts of the image lie.
 *
 * The image is linked for one fixed virtual address of EL2 and runs at any physical one: boot.S maps it.
 *
 *     _start                                                                __image_end
 *     | .text r-x    | .rodata r--    | .data rw-    | .bss rw-, not in the file |
 *
 * Each part begins on a page, so that each can have its own permissions. A loader must keep __image_size
 * bytes free. */
OUTPUT_FORMAT("elf64-littleaarch64")
OUTPUT_ARCH(aarch64)
ENTRY(_start)

PHDRS
{
    text PT_LOAD FLAGS(5);
    rodata PT_LOAD FLAGS(4);
    data PT_LOAD FLAGS(6);
}

SECTIONS
{
    . = 0x0000008000000000;

    .text : ALIGN(4096)
    {
        __text_start = .;
        KEEP(*(.head.text))
        KEEP(*(.idmap.text))
        *(.text .text.*)
        . = ALIGN(4096);
        __text_end = .;
    } :text

    /* Debian's static libraries are built position independent: their .got holds constants once linked. */
    .rodata : ALIGN(4096)
    {
        __rodata_start = .;
        *(.rodata .rodata.*)
        *(.got .got.plt .igot .igot.plt)
        *(.data.rel.ro .data.rel.ro.*)
        . = ALIGN(4096);
        __rodata_end = .;
    } :rodata

    .data : ALIGN(4096)
    {
        __data_start = .;
        *(.data .data.*)
        . = ALIGN(4096);
        __data_end = .;
    } :data

    /* Boot page tables: in use before bss is cleared, so not part of it. */
    .early (NOLOAD) : ALIGN(4096)
    {
        *(.early)
    } :data

    /* The page-aligned members first: between them lies no gap. */
    .bss (NOLOAD) : ALIGN(4096)
    {
        __bss_start = .;
        *(.bss.page_aligned .bss.page_aligned.*)
        *(.bss .bss.* COMMON)
        . = ALIGN(4096);
        __bss_end = .;
    } :data

    __image_end = .;
    __image_size = ABSOLUTE(__image_end - _start);

    /* Nothing is left for a dynamic linker: there is none. */
    .rela : { *(.rela .rela.* .iplt .plt) }
    ASSERT(SIZEOF(.rela) == 0, "the image must not need relocations at run time")

    /DISCARD/ :
    {
        *(.comment .note .note.* .eh_frame .eh_frame_hdr .gnu.* .interp .dynamic .dynsym .dynstr .hash)
    }

    /* For the debugger. Lines of libraries without any stay empty. */
    .debug_aranges 0 : { *(.debug_aranges) }
    .debug_info 0 : { *(.debug_info) }
    .debug_abbrev 0 : { *(.debug_abbrev) }
    .debug_line 0 : { *(.debug_line) }
    .debug_frame 0 : { *(.debug_frame) }
    .debug_str 0 : { *(.debug_str) }
    .debug_line_str 0 : { *(.debug_line_str) }
    .debug_str_offsets 0 : { *(.debug_str_offsets) }
    .debug_addr 0 : { *(.debug_addr) }
    .debug_loc 0 : { *(.debug_loc) }
    .debug_loclists 0 : { *(.debug_loclists) }
    .debug_ranges 0 : { *(.debug_ranges) }
    .debug_rnglists 0 : { *(.debug_rnglists) }
    .symtab 0 : { *(.symtab) }
    .strtab 0 : { *(.strtab) }
    .shstrtab 0 : { *(.shstrtab) }
}

ASSERT(_start == __text_start, "boot.S must put _start first into .head.text")
