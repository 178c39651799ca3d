# SPDX-License-Identifier: Apache-2.0
# toolstack.py - Debian's kernel as Dom0 with Debian's xen-utils: its ramdisk, QEMU's command line, commands typed at its prompt.
"""    with toolstack.machine(image, files={"root/tiny.cfg": toolstack.config("tiny")}) as line:
        done = qemu.boot(line, limit, inputs=toolstack.typed(["xl create /root/tiny.cfg", "xl list"]))
    toolstack.take_apart(done.text)

The prompt shows the exit status of the command before it. The ramdisk is tools/ramdisk.py's variant xl with `files` behind it."""
import contextlib
import dataclasses
import os
import re
import tempfile

import mktree
import qemu
import ramdisk

PROMPT = r"(?m)^\[(\d+)\] dom0# "
NOISE = re.compile(r"^\((XEN|BH|d\d+)\) ")  # Lines of the hypervisor and of other domains between those of Dom0.
ASK_TERMINAL = "\x1b[6n"  # The shell asks the terminal where it stands.
END = "poweroff -f"
POWERED_OFF = r"reboot: Power down"


@dataclasses.dataclass
class Ran:
    """One command at the prompt: what it said, and its exit status; None when it never ended."""
    command: str
    status: int | None
    lines: list

    def text(self):
        return "\n".join(self.lines)


def config(name, kernel="/guests/tiny", memory=16, vcpus=1, **keys):
    """The bytes of a domain's configuration file."""
    keys = {"name": name, "kernel": kernel, "memory": memory, "vcpus": vcpus, **keys}
    return "".join(f"{key} = {value!r}\n".replace("'", '"') for key, value in keys.items()).encode()


def guest(name):
    """A bare-metal guest of ours, for `files`."""
    return os.path.join("build", "guests", f"{name}.img")


def typed(commands):
    """Inputs for qemu.boot(): each command when the prompt is there, then the machine's end. A command may also be (regular
    expression, bytes): typed when it is seen, to the one under way."""
    return [(PROMPT, f"{line}\n".encode()) if isinstance(line, str) else line for line in (*commands, END)]


def take_apart(text):
    """The commands of a session's console, with what each said."""
    parts = re.split(PROMPT, text.replace(ASK_TERMINAL, ""))
    for said, status in zip(parts[2::2], [*parts[3::2], None]):
        lines = said.rstrip("\n").split("\n")
        yield Ran(lines[0], None if status is None else int(status), [line for line in lines[1:] if not NOISE.match(line)])


# QEMU's command line for a machine with Dom0 at its prompt. files: {path in Dom0's root: file's name or bytes}; `options` are the
# hypervisor's; `edit` changes the source of the board's tree; other words are qemu.command()'s.
@contextlib.contextmanager
def machine(image, files=None, kernel="cloud", board="virt", options="", dom0_memory="512M", vcpus=2, edit=None, extra=(),
            **words):
    the_board = qemu.Board.load(board)
    known = {key: value for key, value in words.items() if key in ("smp", "memory", "bare", "frequency", "icount")}
    with tempfile.TemporaryDirectory(prefix="xl-") as directory:
        root = ramdisk.add(ramdisk.build(kernel, "xl"), files or {}, os.path.join(directory, "root"))
        arguments = "console=hvc0 panic=-1 quiet do=toolstack end=prompt"
        options = f"console=dtuart dom0_mem={dom0_memory} dom0_max_vcpus={vcpus} {options}".strip()
        tree = os.path.join(directory, "tree.dtb")
        loaders = mktree.make_tree(the_board, [mktree.Dom0(ramdisk.kernel(kernel), arguments, root)], options, tree, edit=edit, **known)
        yield qemu.command(the_board, image, dtb=tree, loaders=loaders, extra=extra, **words)
