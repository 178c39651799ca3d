# SPDX-License-Identifier: Apache-2.0
# elf.py - what a ramdisk needs to know of ELF files: a program's libraries, a kernel module's needs.
"""Reads little-endian 64-bit ELF, by the generic ABI (chapters "ELF Header", "Program Header", "Dynamic Section")."""
import struct

PT_DYNAMIC, PT_INTERP, PT_LOAD = 2, 3, 1
DT_NEEDED, DT_STRTAB = 1, 5


class Elf:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.is_elf = self.data[:6] == b"\x7fELF\x02\x01"

    def text(self, offset):
        return self.data[offset:self.data.index(0, offset)].decode()

    def segments(self):
        """(type, offset, address, bytes in the file) of each program header."""
        at, = struct.unpack_from("<Q", self.data, 32)
        size, count = struct.unpack_from("<HH", self.data, 54)
        for number in range(count):
            kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", self.data, at + number * size)
            yield kind, offset, address, length

    def offset_of(self, address):
        for kind, offset, start, length in self.segments():
            if kind == PT_LOAD and start <= address < start + length:
                return offset + address - start
        raise ValueError(f"address {address:#x} is in no segment")

    def needed(self):
        """Names of the program's interpreter (a path) and libraries."""
        if not self.is_elf:
            return []
        names = []
        for kind, offset, _, length in self.segments():
            if kind == PT_INTERP:
                names.append(self.text(offset))
            if kind == PT_DYNAMIC:
                entries = list(struct.iter_unpack("<QQ", self.data[offset:offset + length]))
                strings = self.offset_of(dict(reversed(entries))[DT_STRTAB])
                names += [self.text(strings + value) for tag, value in entries if tag == DT_NEEDED]
        return names

    def section(self, wanted):
        at, = struct.unpack_from("<Q", self.data, 40)
        size, count, names = struct.unpack_from("<HHH", self.data, 58)
        headers = [struct.unpack_from("<IIQQQQ", self.data, at + number * size) for number in range(count)]
        for header in headers:
            if self.text(headers[names][4] + header[0]) == wanted:
                return self.data[header[4]:header[4] + header[5]]
        return b""

    def module_needs(self):
        """Names of the modules that this kernel module needs."""
        for word in self.section(".modinfo").split(b"\0"):
            if word.startswith(b"depends="):
                return [name.replace("-", "_") for name in word[8:].decode().split(",") if name]
        return []
