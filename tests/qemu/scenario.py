# SPDX-License-Identifier: Apache-2.0
# scenario.py - what QEMU test programs share: fresh boots, what they must say, and the list of tests.
"""A QEMU test program registers its tests and ends with main():

    @scenario.test(limit=30, level="fast")
    def virt_one_cpu():
        boot = scenario.boot([scenario.domain("sys_platform")], smp=1)
        boot.says(r"d1 powered off")

    if __name__ == "__main__":
        sys.exit(scenario.main())

A boot uses files of build/: the hypervisor (release unless said otherwise) and guests/test-NAME.img. A test fails by
raising Failure, with the console's text and the command line in its words. Boots have a limit, and nothing sleeps."""
import dataclasses
import os
import re
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import mktree  # noqa: E402
import qemu  # noqa: E402

GUESTS = os.path.join("build", "guests")
BOOT_LIMIT = 60  # Seconds: a boot takes one or two, on a computer that is busy with others more.
STUB_AT = 0x40180000  # QEMU keeps the first MiB for a tree of its own.
END = "All domains have stopped: switching the machine off"

tests = {}


class Failure(Exception):
    pass


@dataclasses.dataclass
class Test:
    name: str
    run: object
    limit: int
    level: str
    cpu: str
    needs: str

    def line(self):
        return f"{self.name} {self.limit} {self.level} cpu={self.cpu} {self.needs}".strip()


def test(limit=90, level="normal", cpu="1", name=None, needs=""):
    """Registers a test under its function's name. `needs` is a word of tools/setup.sh."""
    def register(function):
        key = name or function.__name__
        tests[key] = Test(key, function, limit, level, cpu, needs)
        return function
    return register


class Result:
    """A boot that is over, and what can be asked of it."""

    def __init__(self, boot):
        self.boot = boot
        self.text = boot.text
        self.lines = boot.text.split("\n")

    def fail(self, what):
        raise Failure(f"{what}\n--- console ({self.boot.ended}, status {self.boot.status}, {self.boot.seconds:.1f} s):\n"
                      f"{self.text}\n--- QEMU's errors: {self.boot.errors.strip()}\n--- {self.boot.shell()}")

    def says(self, *patterns):
        """Each pattern is on some line of the console. Returns the match of the last one."""
        match = None
        for pattern in patterns:
            match = re.search(pattern, self.text, re.MULTILINE)
            if match is None:
                self.fail(f"the console does not say: {pattern}")
        return match

    def says_not(self, *patterns):
        for pattern in patterns:
            match = re.search(pattern, self.text, re.MULTILINE)
            if match:
                self.fail(f"the console says: {match.group(0)}")

    def of(self, number):
        """The lines of domain `number`, without its prefix."""
        prefix = f"(d{number}) "
        return [line[len(prefix):] for line in self.lines if line.startswith(prefix)]

    def equal(self, got, wanted, what):
        if got != wanted:
            self.fail(f"{what}: {got!r}, but {wanted!r} was expected")

    def within(self, got, low, high, what):
        if not low <= got <= high:
            self.fail(f"{what}: {got}, but {low} to {high} was expected")

    def ended(self):
        """The machine was switched off because all domains had stopped."""
        if self.boot.ended != "exit" or self.boot.status != 0:
            self.fail("the machine did not end by itself")
        self.says(re.escape(END))
        return self

    def passed(self, number=1):
        """The checks of test guest d`number` (guests/tests/) all passed, and there were some. The domain with the input may be
        printed in pieces when it is slow: they are joined."""
        match = re.search(r"RESULT (\d+) checks, (\d+) failed", "".join(self.of(number)))
        if match is None:
            return self.fail(f"d{number} has no RESULT")
        if match.group(1) == "0" or match.group(2) != "0":
            self.fail(f"d{number}: {match.group(0)}")
        return self


def image(guest):
    return os.path.join(GUESTS, f"test-{guest}.img")


def domain(guest, bootargs="", **other):
    """A domain that runs test guest `guest` and powers off when that is done."""
    other.setdefault("name", guest.replace("_", "-"))
    return mktree.Domain(kernel=image(guest), bootargs=f"exit=psci {bootargs}".strip(), **other)


def scratch():
    return tempfile.TemporaryDirectory(prefix="qemu-test-")


in_turns = qemu.in_turns


# domains are mktree.Domains. `source` is device-tree source added to the whole tree, `chosen` to /chosen; `modules` are
# further [(file, address)]; `edit` changes the tree's bytes before the boot. Other words are qemu.machine_arguments()'s.
def boot(domains=(), board="virt", build="release", bootargs="", source="", chosen="", modules=(), edit=None, until=None,
         inputs=(), limit=BOOT_LIMIT, extra=(), **machine):
    the_board = qemu.Board.load(board)
    options = f"console=dtuart {bootargs}".strip() if "console=" not in bootargs else bootargs
    with scratch() as directory:
        tree = os.path.join(directory, "tree.dtb")
        loaders = mktree.make_tree(the_board, list(domains), options, tree, chosen_extra=chosen, source=source,
                                   **{key: value for key, value in machine.items() if key in ("smp", "memory", "bare")})
        if edit:
            with open(tree, "rb+") as file:
                changed = edit(file.read())
                file.seek(0)
                file.truncate()
                file.write(changed)
        line = qemu.command(the_board, os.path.join("build", build, "bulkhead"), dtb=tree, loaders=[*loaders, *modules],
                            extra=extra, **machine)
        return Result(qemu.boot(line, limit, until=until, inputs=inputs))


# A boot by a boot loader of our own, three instructions: `tree` is any bytes, at any address; no QEMU rewrites it.
def boot_by_loader(tree, tree_at, modules=(), board="virt", build="release", until=None, limit=BOOT_LIMIT, **machine):
    the_board = qemu.Board.load(board)
    image_at = 0x40200000
    code = struct.pack("<IIIIQQ", 0x58000080, 0x580000a1, 0xd61f0020, 0, tree_at, image_at)  # ldr x0; ldr x1; br x1
    with scratch() as directory:
        loaders = []
        for name, data, address in (("stub", code, STUB_AT), ("tree", tree, tree_at)):
            path = os.path.join(directory, name)
            with open(path, "wb") as file:
                file.write(data)
            if data:
                loaders.append((path, address))
        line = qemu.command(the_board, "", loaders=[*loaders, (os.path.join("build", build, "bulkhead"), image_at), *modules],
                            **machine)
        at = line.index("-kernel")
        del line[at:at + 2]
        line += ["-device", f"loader,addr={STUB_AT:#x},cpu-num=0"]
        return Result(qemu.boot(line, limit, until=until))


def main():
    os.chdir(qemu.TOP)
    qemu.end_on_signals()
    if sys.argv[1:] == ["--list"]:
        print("\n".join(one.line() for one in tests.values()))
        return 0
    names = sys.argv[1:] or list(tests)
    for name in names:
        if name not in tests:
            print(f"no test is called '{name}'; --list names all")
            return 1
        try:
            tests[name].run()
        except (Failure, qemu.Problem) as failure:
            print(f"{name}: {failure}")
            return 1
        if len(names) > 1:
            print(f"ok {name}", flush=True)
    return 0
