#!/usr/bin/env python3
"""Attacks on the files that exitplane writes: kills, failing system calls, runs at once, inputs that shrink.

    Scripts/attack-files.py .build-check/release/exitplane [--kills 200] [--faults 40] [--pairs 300] [--cuts 100]
        [--seed 1] [--only kills,faults,pairs,cuts]

Every run is over an older result. Whatever happens to it, each file must be the older one, the whole new one, or
missing; a STAR file must be of its stack's run; and the same command, run again and left alone, must end in the
bytes of a run that nothing happened to, with nothing beside them. A run may end with 0, with 1 and a sentence, or by
the signal it was sent; anything else, or no end within a minute, is a fault. The same seed makes the same attacks, as
far as the machine's timing lets it. Failing calls are made by strace, which must be installed.
"""
import argparse
import math
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

TIMEOUT = 60
POSES = ["--random-poses", "40", "--threads", "1", "--box", "24"]
FAULTS = ["pwrite64", "rename", "fsync", "fallocate", "ftruncate", "flock", "unlink", "openat", "pread64"]


def write_map(path, side=16):
    """A cubic map of a blob off its centre."""
    words = [0] * 256
    for word, value in [(1, side), (2, side), (3, side), (4, 2), (8, side), (9, side), (10, side), (17, 1), (18, 2),
                        (19, 3), (23, 1)]:
        words[word - 1] = value
    header = bytearray(struct.pack("<256i", *words))
    struct.pack_into("<6f", header, 40, *[side * 1.5] * 3, 90, 90, 90)
    header[208:216] = b"MAP DD\0\0"
    values = [math.exp(-((x - 6) ** 2 + (y - 9) ** 2 / 2 + (z - 10) ** 2 / 3) / 4)
              for z in range(side) for y in range(side) for x in range(side)]
    with open(path, "wb") as file:
        file.write(header + struct.pack(f"<{len(values)}f", *values))


def write_structure(path, b_factor):
    with open(path, "w") as file:
        for index in range(30):
            x, y, z = (7 * math.sin(index * factor) for factor in (1, 2.3, 3.7))
            file.write(f"ATOM  {index + 1:5d}  CA  ALA A{index + 1:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00{b_factor:6.2f}"
                       "           C\n")
        file.write("END\n")


class Command:
    """A way to call exitplane, with a seed; what it writes; whether a stack and a STAR file are among that."""

    def __init__(self, name, arguments, outputs, resumes=False):
        self.name, self.arguments, self.outputs, self.resumes = name, arguments, outputs, resumes

    def call(self, seed, resume=False):
        words = [word.replace("SEED", str(seed)) for word in self.arguments]
        return words + (["--resume"] if resume and self.resumes else [])


COMMANDS = [
    Command("project", ["project", "map.mrc", *POSES, "--seed", "SEED", "--output", "set.mrcs"],
            ["set.mrcs", "set.star"]),
    Command("simulate", ["simulate", "map.mrc", *POSES, "--seed", "SEED", "--snr", "0.1", "--defocus", "8000,20000",
                         "--checkpoint-interval", "0", "--output", "set"], ["set.mrcs", "set.star"], resumes=True),
    Command("merge", ["merge", "partSEED-1-of-2.star", "partSEED-2-of-2.star", "--output", "set"],
            ["set.mrcs", "set.star"]),
    Command("render", ["render", "modelSEED.pdb", "--box", "24", "--voxel-size", "1.5", "--output", "new.mrc"],
            ["new.mrc"]),
    Command("poses", ["poses", "--count", "3000", "--seed", "SEED", "--pixel-size", "1.5", "--box", "24", "--output",
                      "new.star"], ["new.star"]),
    Command("compare", ["compare", "map.mrc", "otherSEED.mrc", "--star", "fsc.star", "--plot", "fsc.png"],
            ["fsc.star", "fsc.png"]),
]


class Attack:
    def __init__(self, exitplane, folder, seed):
        self.exitplane, self.folder, self.random = exitplane, folder, random.Random(seed)
        self.complaints, self.temporaries = [], 0
        write_map(self.path("map.mrc"))
        for seed in (1, 2):
            write_map(self.path(f"other{seed}.mrc"), side=16)
            with open(self.path(f"other{seed}.mrc"), "r+b") as file:
                file.seek(1024 + 4096)
                file.write(struct.pack("<400f", *[seed * 0.1] * 400))
            write_structure(self.path(f"model{seed}.pdb"), b_factor=20 + 20 * seed)
            for shard in ("1/2", "2/2"):
                self.run(["simulate", "map.mrc", *POSES, "--seed", str(seed), "--noise-std", "1", "--output",
                          f"part{seed}", "--shard", shard], must_end_well=True)
        self.inputs = set(os.listdir(folder))

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, arguments, before=()):
        return subprocess.Popen([*before, self.exitplane, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")

    def finish(self, process, what):
        try:
            return process.communicate(timeout=TIMEOUT)[1], process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            self.complain(f"{what}: no end within {TIMEOUT} s")
            return process.communicate()[1], None

    def run(self, arguments, must_end_well=False, before=()):
        talk, status = self.finish(self.start(arguments, before), " ".join(arguments))
        if must_end_well and status != 0:
            self.complain(f"{' '.join(arguments)}: status {status}: {talk.strip()}")
        return talk, status

    def complain(self, text):
        self.complaints.append(text)
        print("FAULT", text, flush=True)

    def read(self, outputs):
        contents = []
        for name in outputs:
            try:
                with open(self.path(name), "rb") as file:
                    contents.append(file.read())
            except FileNotFoundError:
                contents.append(None)
        return contents

    def clear(self):
        for name in set(os.listdir(self.folder)) - self.inputs:
            os.remove(self.path(name))

    def reference(self, command):
        """What runs of seeds 1 and 2 leave, the second last."""
        results = []
        for seed in (1, 2):
            self.clear()
            self.run(command.call(seed), must_end_well=True)
            results.append(self.read(command.outputs))
        if results[0] == results[1]:
            self.complain(f"{command.name}: both seeds give the same")
        return results

    def prepare(self, command, old):
        """The older result, without running the command again."""
        self.clear()
        for name, content in zip(command.outputs, old):
            with open(self.path(name), "wb") as file:
                file.write(content)

    def check(self, command, old, new, status, talk, allowed, what):
        left = self.read(command.outputs)
        if status not in allowed:
            self.complain(f"{what}: status {status}: {talk.strip()}")
        if status == 1 and len(talk.strip().splitlines()) != 1:
            self.complain(f"{what}: not one sentence: {talk.strip()}")
        if status == 0 and left != new:
            self.complain(f"{what}: status 0, and the result is not there")
        for name, content, *whole in zip(command.outputs, left, old, new):
            if content is not None and content not in whole:
                self.complain(f"{what}: {name} is neither the older nor the newer one")
        if "set.star" in command.outputs and left[1] is not None and left not in (old, new):
            self.complain(f"{what}: a STAR file of another run than its stack's")

    def again(self, command, new, what):
        """The same, left alone: it must end in the new result with nothing beside it."""
        # Where nothing is begun, the older set is a finished one of another run, which is not resumed.
        is_begun = any(os.path.exists(self.path(f"set.mrcs.{suffix}")) for suffix in ("partial", "checkpoint"))
        self.run(command.call(2, resume=is_begun), must_end_well=True)
        if self.read(command.outputs) != new:
            self.complain(f"{what}: the run after it gives other bytes")
        for name in set(os.listdir(self.folder)) - self.inputs - set(command.outputs):
            # Of a process that had no chance to remove it, under a name of its own.
            if re.fullmatch(r"\..*\.\d+-[0-9a-z]+\.partial", name):
                self.temporaries += 1
            else:
                self.complain(f"{what}: {name} is left")

    def kills(self, count):
        for command in COMMANDS:
            old, new = self.reference(command)
            self.prepare(command, old)
            start = time.monotonic()
            self.run(command.call(2), must_end_well=True)
            duration = time.monotonic() - start
            for number in range(count):
                self.prepare(command, old)
                process = self.start(command.call(2))
                sent = self.random.choice([signal.SIGKILL] * 3 + [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
                time.sleep(self.random.random() * duration * 1.05)
                process.send_signal(sent)
                talk, status = self.finish(process, command.name)
                what = f"{command.name}, kill {number} by {sent.name}"
                # Before its handlers are there, a signal ends the process as it ends any other.
                self.check(command, old, new, status, talk, {0, -sent, 128 + sent}, what)
                self.again(command, new, what)
        return count * len(COMMANDS)

    def faults(self, most):
        count = 0
        names = ["map.mrc", ".", "set.mrcs", "set.star", "set.mrcs.partial", ".set.star.partial", "set.mrcs.checkpoint",
                 ".set.mrcs.checkpoint.partial", ".set.star.previous", "new.mrc", ".new.star.partial", "new.star"]
        # The loader and the runtime open files too: those are not what is attacked.
        paths = [word for name in names for word in ("-P", os.path.normpath(self.path(name)))]
        for command in COMMANDS:
            old, new = self.reference(command)
            for call in FAULTS:
                for error in ("ENOSPC", "EIO"):
                    for number in self.moments(most):
                        self.prepare(command, old)
                        log = self.path("../trace")
                        before = ["strace", "-f", "-qq", "-o", log, "-e", f"trace={call}", "-e",
                                  f"inject={call}:error={error}:when={number}"]
                        if call in ("openat", "pread64"):
                            before += paths
                        talk, status = self.run(command.call(2), before=before)
                        with open(log, errors="replace") as file:
                            injected = "INJECTED" in file.read()
                        if not injected:
                            break
                        count += 1
                        what = f"{command.name}, {error} at {call} {number}"
                        left = self.read(command.outputs)
                        self.check(command, old, new, status, talk, {0, 1}, what)
                        if call != "unlink" and status == 1 and left not in (old, new) and left[0] == old[0]:
                            self.complain(f"{what}: the older pair is not whole")
                        self.again(command, new, what)
        return count

    def moments(self, most):
        """Every one of the first, and then ever fewer."""
        number = 1
        for index in range(most):
            yield number
            number += 1 if index < most // 2 else self.random.randint(1, 1 + index // 4)

    def pairs(self, count):
        commands = COMMANDS[:3]
        results = {command.name: self.reference(command) for command in commands}
        refused = 0
        for number in range(count):
            self.clear()
            both = [(self.random.choice(commands), seed) for seed in (1, 2)]
            processes = []
            for command, seed in both:
                processes.append(self.start(command.call(seed)))
                time.sleep(self.random.random() * 0.03)
            what = f"pair {number}: {both[0][0].name} and {both[1][0].name}"
            ends = [self.finish(process, what) for process in processes]
            for (talk, status), (command, _) in zip(ends, both):
                if status == 1 and ("another process is writing it" in talk or "has not ended" in talk
                                    or "was begun by" in talk):
                    refused += 1
                elif status != 0:
                    self.complain(f"{what}: status {status}: {talk.strip()}")
            left = self.read(["set.mrcs", "set.star"])
            if left not in [results[command.name][seed - 1] for command, seed in both]:
                self.complain(f"{what}: the pair is of neither run")
            for name in set(os.listdir(self.folder)) - self.inputs - {"set.mrcs", "set.star"}:
                self.complain(f"{what}: {name} is left")
        print(f"{count} pairs of runs at once, {refused} runs refused", flush=True)
        return count

    def cuts(self, count):
        """Inputs that another program shortens while they are read."""
        write_map(self.path("map.mrc"), side=48)
        with open(self.path("map.mrc"), "rb") as file:
            whole = file.read()
        command = COMMANDS[0]
        for number in range(count):
            self.clear()
            process = self.start(command.call(1))
            time.sleep(self.random.random() * 0.05)
            os.truncate(self.path("map.mrc"), self.random.randrange(len(whole)))
            talk, status = self.finish(process, "cut")
            if status not in (0, 1) or (status == 1 and "map.mrc" not in talk):
                self.complain(f"cut {number}: status {status}: {talk.strip()}")
            with open(self.path("map.mrc"), "wb") as file:
                file.write(whole)
        write_map(self.path("map.mrc"))
        return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exitplane")
    parser.add_argument("--kills", type=int, default=200, help="of each command")
    parser.add_argument("--faults", type=int, default=40, help="of each system call of each command, at the most")
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="kills,faults,pairs,cuts")
    options = parser.parse_args()
    kinds = options.only.split(",")
    if "faults" in kinds and not shutil.which("strace"):
        sys.exit("attack-files: strace is not installed; without failing calls: --only kills,pairs,cuts")
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(os.path.realpath(scratch), "files")
        os.mkdir(folder)
        attack = Attack(os.path.abspath(options.exitplane), folder, options.seed)
        counts = [f"{getattr(attack, kind)(getattr(options, kind))} {kind}" for kind in kinds]
    verdict = f"{len(attack.complaints)} faults" if attack.complaints else \
        "no trap, no hang, no mixed pair, nothing lost"
    print(f"attack-files, seed {options.seed}: {', '.join(counts)}: {verdict}; "
          f"{attack.temporaries} temporaries left by SIGKILL")
    sys.exit(1 if attack.complaints else 0)


if __name__ == "__main__":
    main()
