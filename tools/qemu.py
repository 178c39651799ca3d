#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# qemu.py - boards (boards/*/board.toml), QEMU command lines for them, and one boot from start to end.
"""The one place that starts QEMU: run, bench and the QEMU tests use it.

    board = qemu.Board.load("virt")
    boot = qemu.boot(qemu.command(board, kernel, dtb=tree, loaders=modules), limit=30, until="all passed")
    boot.ended   "exit" (QEMU ended: boot.status is its exit status, the guest's own by semihosting),
                 "pattern" (`until` was seen) or "limit" (the time was over)
    boot.text    what the console said

A boot never leaves a QEMU behind: it is killed when boot() returns or raises, and when this program dies."""
import contextlib
import dataclasses
import os
import re
import selectors
import shutil
import signal
import subprocess
import threading
import time
import tomllib

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = "qemu-system-aarch64"
alive = set()  # Of all threads; stop_all() ends them.
stopping = threading.Event()


class Problem(Exception):
    """Something a person has to put right; its text says what."""


@dataclasses.dataclass
class Board:
    name: str
    title: str
    machine: str
    bare_machine: str
    cpus: int
    memory: str
    modules: int
    uart: str
    cpu: str = ""
    tree: str = ""

    @staticmethod
    def names():
        return sorted(os.listdir(os.path.join(TOP, "boards")))

    @staticmethod
    def load(name):
        path = os.path.join(TOP, "boards", name, "board.toml")
        if not os.path.exists(path):
            raise Problem(f"there is no board '{name}'; there are: {', '.join(Board.names())}")
        with open(path, "rb") as file:
            return Board(name=name, **tomllib.load(file))

    def tree_file(self):
        """The board's own tree, an absolute path; None when QEMU makes it."""
        return os.path.join(TOP, self.tree) if self.tree else None


def version():
    """QEMU's version: 7.2.19 (Debian 1:7.2+dfsg-7+deb12u15) and so on."""
    need_program()
    text = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"version (.*)", text).group(1)


def need_program():
    if shutil.which(PROGRAM) is None:
        raise Problem(f"{PROGRAM} is not installed: run tools/setup.sh")


def machine_arguments(board, bare=False, smp=None, memory=None, frequency=None, icount=False):
    """The machine itself. `frequency` is the counter's, in Hz; `icount`: one instruction is one virtual
    nanosecond, or 2^icount of them when it is a number."""
    arguments = ["-machine", board.bare_machine if bare else board.machine]
    if board.cpu:
        arguments += ["-cpu", board.cpu + (f",cntfrq={frequency}" if frequency else "")]
    elif frequency:
        arguments += ["-global", f"arm-cpu.cntfrq={frequency}"]
    arguments += ["-smp", str(smp or board.cpus), "-m", memory or board.memory]
    if icount is not False:
        arguments += ["-icount", f"shift={0 if icount is True else icount},sleep=off"]
    return arguments


def in_turns(cpus):
    """Words for a machine of so many CPUs under -icount that all get their turns, 4 at most on virt. QEMU 7.2 lets each CPU run
    until the next deadline of anything; the one after it then finds nothing left of the time and is passed over, always the
    same one if the first is always busy. So each CPU is followed by one that is never started and loses nothing by that, and a
    filter of an unused network sets a deadline every 100 us, so that no turn is long."""
    gone = " ".join(f"/delete-node/ cpu@{number};" for number in range(1, 2 * cpus, 2))
    return {"smp": 2 * cpus, "source": f"/ {{ cpus {{ /delete-node/ cpu-map; {gone} }}; }};",
            "extra": ["-netdev", "hubport,id=none,hubid=0", "-object", "filter-buffer,id=tick,netdev=none,interval=100"]}


# A boot's command line. `loaders` is a list of (file, address); other words are machine_arguments()'s.
def command(board, kernel, dtb=None, loaders=(), append=None, extra=(), semihosting=True, **machine):
    line = [PROGRAM, *machine_arguments(board, **machine)]
    line += ["-nic", "none", "-display", "none", "-monitor", "none"]
    line += ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", "-kernel", kernel]
    if semihosting:
        line += ["-semihosting-config", "enable=on,target=native"]
    if dtb:
        line += ["-dtb", dtb]
    if append is not None:
        line += ["-append", append]
    for file, address in loaders:
        line += ["-device", f"loader,file={file},addr={address:#x},force-raw=on"]
    return line + list(extra)


def dump_tree(board, path, **machine):
    """Write the tree that QEMU makes for a machine to `path`."""
    need_program()
    line = [PROGRAM, *machine_arguments(board, **machine), "-nic", "none", "-display", "none"]
    line[2] += f",dumpdtb={path}"
    result = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    if not os.path.exists(path):
        raise Problem(f"QEMU did not write a device tree for {board.name}: {result.stderr.strip()}")


@dataclasses.dataclass
class Boot:
    ended: str
    status: int | None
    text: str
    errors: str
    seconds: float
    command: list

    def shell(self):
        """The command line, to be typed again."""
        return " ".join(f"'{word}'" if re.search(r"[^\w./:=,@+-]", word) else word for word in self.command)


@contextlib.contextmanager
def running(line):
    """A started QEMU that does not outlive the block, nor this program."""
    need_program()
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    pipe = subprocess.PIPE
    quiet = {**os.environ, "QEMU_AUDIO_DRV": "none"}  # The ZCU102 has a display with sound.
    with subprocess.Popen(guard + line, stdin=pipe, stdout=pipe, stderr=pipe, env=quiet) as process:
        alive.add(process)
        try:
            if stopping.is_set():
                raise Problem("stopped")
            yield process
        finally:
            process.kill()
            alive.discard(process)


def stop_all():
    """End every boot that is under way, from any thread, and let none begin."""
    stopping.set()
    for process in list(alive):
        process.kill()


def end_on_signals():
    """SIGTERM and SIGHUP end this program as Ctrl-C does, by KeyboardInterrupt."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


class Console:
    """What QEMU says, as it comes: whole lines to on_line, all of it searched for patterns."""

    def __init__(self, until, inputs, on_line, process):
        self.until = re.compile(until) if until else None
        self.inputs = [(re.compile(pattern), data) for pattern, data in inputs]
        self.on_line = on_line
        self.process = process
        self.text = ""
        self.searched = 0  # Where what came after the last input begins.
        self.shown = 0

    def feed(self, data):
        """Returns True when the pattern to end with was seen."""
        self.text += data.decode("utf-8", "replace").replace("\r", "")
        while self.on_line and (end := self.text.find("\n", self.shown)) >= 0:
            self.on_line(self.text[self.shown:end])
            self.shown = end + 1
        while self.inputs and (match := self.inputs[0][0].search(self.text, self.searched)):
            self.searched = match.end()
            self.process.stdin.write(self.inputs.pop(0)[1])
            self.process.stdin.flush()
        return bool(self.until and not self.inputs and self.until.search(self.text, self.searched))

    def finish(self):
        if self.on_line and self.shown < len(self.text):
            self.on_line(self.text[self.shown:])


def boot(line, limit, until=None, inputs=(), on_line=None):
    """Run one boot for at most `limit` seconds.

    until    a regular expression: when the console shows it, the boot is over
    inputs   [(regular expression, bytes)]: each in turn, when seen, types its bytes; `until` counts after all
    on_line  called with each line of the console, without its end"""
    begin = time.monotonic()
    ended = "limit"
    errors = b""
    with running(line) as process, selectors.DefaultSelector() as selector:
        console = Console(until, inputs, on_line, process)
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while ended == "limit" and (left := begin + limit - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                    if not selector.get_map():
                        ended = "exit"
                elif key.fileobj is process.stderr:
                    errors += data
                elif console.feed(data):
                    ended = "pattern"
                    break
        status = process.wait() if ended == "exit" else None
        console.finish()
    errors = errors.decode("utf-8", "replace")
    return Boot(ended, status, console.text, errors, time.monotonic() - begin, line)
