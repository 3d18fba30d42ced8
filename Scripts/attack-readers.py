#!/usr/bin/env python3
"""Attacks what reads files: attack-readers.py [COUNT [SEED [EXITPLANE]]]

COUNT files (1,000 by default) are damaged where it hurts: fields of an MRC header, cells and names of a STAR file,
columns of a PDB record, items of an mmCIF table, tables of a noise model, shards of a set; every fourth is damaged
byte by byte as well, and some are gzipped. Each is given to a command of EXITPLANE (by default the one ./check builds)
under a limit of 2 GB of memory and of 10 seconds. A case fails where the command ends by a signal, hangs, exits with
anything but 0, 1 and 64, says "Error:" without a file's name or more than once, leaves an output behind an error or a
stack whose length is not its header's. The same seed makes the same cases. What failed is kept in a folder that is
named, with the command in a file beside it; the last line counts.
"""

import concurrent.futures
import gzip
import os
import pathlib
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEMORY, SECONDS = 2 << 30, 10
INTEGERS = [0, 1, 2, 3, 4, 6, 7, 12, 16, 101, 127, 128, 255, 401, 630, 1024, 32767, 32768, 65535, 65536,
            2**30, 2**31 - 1, -1, -2, -16, -(2**31)]
REALS = [0.0, 1.0, -1.0, 1e-30, 1e30, -1e30, 1e-45, 3.4e38, float("nan"), float("inf"), float("-inf"), 1e-20, 1e10]
NUMBERS = ["0", "-0", "1", "-1", "1e30", "-1e30", "1e300", "1e-300", "1e999", "nan", "inf", "-inf", "0x10", "1.", ".5",
           ".", "?", "", "+-1", "1,5", "99999999999999999999", "-9223372036854775808", "9223372036854775807",
           "2147483648", "1e9", "1e-20", "360000000000", "\u00bd", "\x1b[31m", "\u202e1"]
NAMES = ["", ".", "?", "''", "a b", "x" * 300, "\x1b]0;t\x07", "\u009b31m", "\u202eabc", "../../etc", "/", "000001@",
         "@", "0@a.mrcs", "1@", "18446744073709551616@x.mrcs", "a@b@c", "é", "loop_", "data_", "_", "#", ";", "$x"]
EXPRESSIONS = ["1", "1-60", "(1-60)(1-60)", "(1-1000)(1-1000)(1-1000)", "1-99999999999", "5-1", "-", "()", "(", "1,,2",
               "P", "(1,2)(3)", "1-", "-1-3", "X0"]


class Damage:
    """Random choices that any seed repeats."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, items):
        return items[self.random.randrange(len(items))]

    def chance(self, share):
        return self.random.random() < share

    def bytes(self, data):
        """A few bytes, stretches or cuts."""
        data = bytearray(data)
        for _ in range(self.random.randint(1, 4)):
            if not data:
                break
            at = self.random.randrange(len(data) if self.chance(0.5) else min(len(data), 300))
            end = min(len(data), at + self.random.choice([1, 4, 80, 1024]))
            kind = self.random.randrange(6)
            if kind == 0:
                data[at] ^= 1 << self.random.randrange(8)
            elif kind == 1:
                data[at] = self.pick([0, 9, 10, 13, 27, 32, 34, 39, 59, 95, 127, 128, 155, 255])
            elif kind == 2:
                del data[at:end]
            elif kind == 3:
                data[at:at] = data[at:end]
            elif kind == 4:
                del data[at:]
            else:
                data[at:at] = self.random.randbytes(end - at)
        return bytes(data)


# MARK: Sound files


def mrc(columns=16, rows=16, sections=16, mode=2, stack=False, order="<", voxel=1.5, values=None):
    words = [columns, rows, sections, mode, 0, 0, 0, columns, rows, 1 if stack else sections]
    cell = [voxel * columns, voxel * rows, voxel * (1 if stack else sections)]
    header = struct.pack(order + "10i6f3i3f2i", *words, *cell, 90, 90, 90, 1, 2, 3, 0, 1, 0.5, 0 if stack else 1, 0)
    stamp = b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0"
    header = header.ljust(208, b"\0") + b"MAP " + stamp + struct.pack(order + "fi", 0.1, 0)
    count = columns * rows * sections
    kind = {0: "b", 1: "h", 2: "f", 6: "H", 12: "e"}[mode]
    values = values or [(i * 7919 % 101) / 10 if kind in "fe" else i * 7919 % 101 for i in range(count)]
    return header.ljust(1024, b"\0") + struct.pack(f"{order}{count}{kind}", *values)


def loop(block, columns, rows):
    return f"\ndata_{block}\n\nloop_\n" + "".join(f"_{name} #{i + 1}\n" for i, name in enumerate(columns)) + "".join(
        " ".join(row) + "\n" for row in rows)


OPTICS = ["rlnOpticsGroupName", "rlnOpticsGroup", "rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast",
          "rlnImagePixelSize", "rlnImageSize", "rlnImageDimensionality"]
PARTICLES = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst", "rlnOriginYAngst", "rlnDefocusU",
             "rlnDefocusV", "rlnDefocusAngle", "rlnOpticsGroup", "rlnImageName"]
MORE = ["rlnPhaseShift", "rlnCtfBfactor", "rlnCtfScalefactor", "rlnBeamTiltX", "rlnOddZernike", "rlnEvenZernike",
        "rlnMagMat00", "rlnOriginX", "rlnMagnification", "rlnDetectorPixelSize", "rlnGroupNumber", "rlnUnknown"]


def star_tables():
    optics = [["opticsGroup1", "1", "300", "2.7", "0.1", "1.5", "16", "2"]]
    particles = [[f"{17 * i % 360}.5", f"{7 * i}", "-30", "1.5", "-3", "10000", "9500", "20", "1",
                  f"{i + 1:06}@old.mrcs"] for i in range(4)]
    return [["optics", list(OPTICS), optics], ["particles", list(PARTICLES), particles]]


def noise_tables():
    general = [["16", "1.5"]]
    shells = [[f"{i}", f"{0.001 / (1 + i)}"] for i in range(9)]
    return [["model_general", ["rlnOriginalImageSize", "rlnPixelSize"], general],
            ["model_optics_group_1", ["rlnSpectralIndex", "rlnSigma2Noise"], shells]]


ATOM_SITE = ["group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
             "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
             "B_iso_or_equiv", "pdbx_formal_charge", "auth_seq_id", "auth_comp_id", "auth_asym_id", "auth_atom_id",
             "pdbx_PDB_model_num"]


def mmcif_tables():
    atoms = [["ATOM", f"{i}", "CNO"[i % 3], "CA", "." if i % 4 else "AB"[i % 8 // 4], "ALA", "AB"[i // 6], "1", f"{i}",
              "?", f"{i}.5", f"{-i}.25", "3.0", "1.00", "20.0", "?", f"{i // 2}", "ALA", "AB"[i // 6], "CA", "1"]
             for i in range(12)]
    turns = [[f"{i}", "1", "0", "0", "5", "0", "1", "0", "0", "0", "0", "1", "0"] for i in (1, 2, 3)]
    names = ["id"] + [name for row in "123" for name in
                      [f"matrix[{row}][{column}]" for column in "123"] + [f"vector[{row}]"]]
    return [["_atom_site.", list(ATOM_SITE), atoms],
            ["_pdbx_struct_assembly_gen.", ["assembly_id", "oper_expression", "asym_id_list"],
             [["1", "(1-2)(3)", "A,B"], ["2", "1", "A"]]],
            ["_pdbx_struct_oper_list.", names, turns],
            ["_entity.", ["id", "type"], [["1", "polymer"]]],
            ["_ma_qa_metric.", ["id", "name", "mode"], [["1", "pLDDT", "local"]]]]


def pdb_lines():
    lines = ["REMARK 350 BIOMOLECULE: 1", "REMARK 350 APPLY THE FOLLOWING TO CHAINS: A, B"]
    for row in range(3):
        values = "".join(f"{float(row == column):10.6f}" for column in range(3))
        lines.append(f"REMARK 350   BIOMT{row + 1}   1{values}        0.00000")
    lines.append("MODEL        1")
    for i in range(12):
        lines.append(f"ATOM  {i + 1:5d}  CA {' AB'[i % 3]}ALA {'AB'[i // 6]}{i // 2:4d}    {i:8.3f}{-i:8.3f}{3.0:8.3f}"
                     f"  1.00 20.00           {'CNO'[i % 3]}  ")
    return lines + ["TER", "ENDMDL", "END"]


# MARK: Damage that knows the format


def damaged_mrc(d):
    shape = d.pick([(16, 16, 16), (8, 8, 8), (5, 4, 3), (16, 16, 16)])
    stack = d.chance(0.3)
    order = d.pick("<<<>")
    data = bytearray(mrc(*shape, mode=d.pick([2, 2, 2, 0, 1, 6, 12]), stack=stack, order=order))
    for _ in range(d.random.randint(0, 3)):
        word = d.pick([0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 22, 23, 38, 39, 49, 50, 52, 53, 54, 55])
        is_real = word in (10, 11, 12, 13, 14, 15, 19, 20, 21, 49, 50, 51, 54)
        value = struct.pack(order + "f", d.pick(REALS)) if is_real else struct.pack(order + "i", d.pick(INTEGERS))
        data[4 * word:4 * word + 4] = value
    if d.chance(0.2):
        at = 1024 + 4 * d.random.randrange(max(1, (len(data) - 1024) // 4))
        data[at:at + 4] = struct.pack(order + "f", d.pick(REALS))
    if d.chance(0.1):
        data = data[:d.random.randrange(len(data))] if d.chance(0.5) else data + bytes(d.random.randrange(9))
    return bytes(data), stack


def damage_tables(d, tables, numbers_first):
    for _ in range(d.random.randint(0, 3)):
        table = d.pick(tables)
        block, columns, rows = table
        kind = d.random.randrange(11)
        if kind <= 4 and rows:
            row = d.pick(rows)
            if row:
                row[d.random.randrange(len(row))] = d.pick(NUMBERS if d.chance(numbers_first) else NAMES + EXPRESSIONS)
        elif kind == 5 and columns:
            at = d.random.randrange(len(columns))
            for row in rows:
                del row[at:at + 1]
            del columns[at]
        elif kind == 6:
            columns.append(d.pick(MORE + columns))
            for row in rows:
                row.append(d.pick(NUMBERS))
        elif kind == 7 and columns:
            columns[d.random.randrange(len(columns))] = d.pick(MORE + NAMES)
        elif kind == 8 and rows:
            rows.append(list(d.pick(rows))) if d.chance(0.5) else rows.pop()
        elif kind == 9 and columns:
            # A column that is one value throughout.
            at, value = d.random.randrange(len(columns)), d.pick(NUMBERS + EXPRESSIONS)
            for row in rows:
                row[at:at + 1] = [value]
        else:
            tables.append([d.pick([block, "", "particles", "optics", "x"]), list(columns), [list(r) for r in rows]])
    if d.chance(0.1):
        d.random.shuffle(tables)
    return tables


def star_text(d, tables):
    damage_tables(d, tables, 0.7)
    end = d.pick(["\n", "\n", "\n", "\r\n"])
    return "".join(loop(*table) for table in tables).replace("\n", end).encode(errors="surrogatepass")


def mmcif_text(d):
    tables = damage_tables(d, mmcif_tables(), 0.6)
    text = "data_x\n" + "".join(
        "loop_\n" + "".join(f"{prefix}{name}\n" for name in columns) + "".join(" ".join(row) + "\n" for row in rows)
        for prefix, columns, rows in tables if columns)
    return text.encode(errors="surrogatepass")


def pdb_text(d):
    lines = pdb_lines()
    for _ in range(d.random.randint(0, 4)):
        at = d.random.randrange(len(lines))
        kind = d.random.randrange(6)
        if kind <= 2:
            first, last = d.pick([(6, 11), (12, 16), (16, 17), (17, 20), (21, 22), (22, 26), (26, 27), (30, 38), (38, 46),
                                  (46, 54), (54, 60), (60, 66), (72, 76), (76, 78), (78, 80), (0, 6), (10, 14), (23, 40)])
            lines[at] = lines[at].ljust(last)[:first] + d.pick(NUMBERS + NAMES)[:last - first].rjust(last - first) \
                + lines[at][last:]
        elif kind == 3:
            lines.insert(at, d.pick(lines + ["MODEL", "ENDMDL", "TER", "END", "ANISOU", "SEQRES", "CRYST1", "CISPEP"]))
        elif kind == 4:
            del lines[at]
        else:
            lines[at] = lines[at][:d.random.randrange(81)]
    return "\n".join(lines).encode(errors="surrogatepass")


# MARK: Cases


def case(seed, folder):
    """Writes a damaged file and what goes with it; returns the command's arguments and the damaged file's names."""
    d = Damage(seed)
    (folder / "good.mrc").write_bytes(mrc())
    kind = d.pick(["map", "map", "star", "star", "pdb", "cif", "noise", "shard"])
    images = ["--output", "out.mrcs"]
    if kind == "map":
        data, stack = damaged_mrc(d)
        name = d.pick(["bad.mrc", "bad.mrc", "bad.mrcs" if stack else "bad.map"])
        commands = [["info"], ["info", "--json"], ["project", "--random-poses", "2", *images],
                    ["project", "--random-poses", "2", "--interpolation", "linear", *images],
                    ["project", "--random-poses", "1", "--interpolation", "exact", *images],
                    ["project", "--random-poses", "1", "--method", "real-voxel", *images],
                    ["project", "--random-poses", "1", "--rescale", "--pixel-size", "2", *images],
                    ["simulate", "--random-poses", "2", "--defocus", "8000,20000", "--snr", "0.1", "--output", "out"],
                    ["compare", "good.mrc"], ["render", "model.pdb", "--output", "out.mrc", "--like"]]
        (folder / "model.pdb").write_text("\n".join(pdb_lines()))
    elif kind in ("star", "noise"):
        data = star_text(d, star_tables() if kind == "star" else noise_tables())
        name = f"bad.{'star' if kind == 'star' else 'model.star'}"
        commands = [["info"], ["project", "good.mrc", *images, "--poses"],
                    ["simulate", "good.mrc", "--output", "out", "--poses"]]
        if kind == "noise":
            commands = [["simulate", "good.mrc", "--random-poses", "2", "--output", "out", "--noise-model"]]
    elif kind in ("pdb", "cif"):
        data = pdb_text(d) if kind == "pdb" else mmcif_text(d)
        name = f"bad.{kind}"
        shape = ["--box", "24", "--pixel-size", "1.5"]
        commands = [["info"], ["info", "--json"], ["project", "--random-poses", "1", *shape, *images],
                    ["project", "--random-poses", "1", "--method", "fft-atom", *shape, *images],
                    ["render", "--voxel-size", "3", "--output", "out.mrc"],
                    ["render", "--box", "16", "--voxel-size", "2", "--method", "fft-atom", "--output", "out.mrc"],
                    ["simulate", "--random-poses", "2", *shape, "--snr", "1", "--output", "out"]]
    else:
        data, stack = damaged_mrc(d)
        name = "bad.star"
        tables = star_tables()
        for i, row in enumerate(tables[1][2]):
            row[9] = f"{i + 1:06}@bad.mrcs"
        (folder / "bad.mrcs").write_bytes(mrc(16, 16, 4, stack=True) if d.chance(0.6) else data)
        data = star_text(d, tables)
        (folder / "good.mrcs").write_bytes(mrc(16, 16, 4, stack=True))
        sound = star_tables()
        for i, row in enumerate(sound[1][2]):
            row[9] = f"{i + 1:06}@good.mrcs"
        (folder / "good.star").write_text("".join(loop(*table) for table in sound))
        commands = [["merge", "good.star", "--output", "out"], ["merge", "--output", "out"]]
    command = d.pick(commands)
    if kind in ("pdb", "cif") and d.chance(0.3):
        command = command + d.pick([["--assembly", "1"], ["--selection", "A"], ["--altlocs", "all"],
                                    ["--ignore-b-factors"], ["--centre", "none"], ["--model", "1"]])
    if d.chance(0.25):
        data = d.bytes(data)
    if d.chance(0.1):
        data, name = gzip.compress(data, mtime=0), name + ".gz"
        if d.chance(0.3):
            data = d.bytes(data)
    (folder / name).write_bytes(data)
    position = len(command) if command[-1].startswith("--") else 1
    if command[0] in ("compare", "merge"):
        position = 2 if len(command) > 1 and not command[1].startswith("--") else 1
    return command[:position] + [name] + command[position:], name


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def half_written(path):
    """Whether a stack or map is shorter or longer than its header says."""
    data = path.read_bytes()
    if len(data) < 1024:
        return True
    columns, rows, sections, mode = struct.unpack("<4i", data[:16])
    return len(data) != 1024 + columns * rows * sections * {2: 4, 12: 2}.get(mode, 0)


def judge(folder, before, name, status, errors):
    if status < 0:
        return f"ended by signal {-status}"
    if status not in (0, 1, 64):
        return f"exit status {status}"
    after = {entry.name for entry in folder.iterdir()} - before
    if status != 0:
        if left := [entry for entry in after if not entry.endswith(".partial") and not entry.startswith(".")]:
            return f"left {', '.join(sorted(left))} behind an error"
    for entry in after:
        if entry.endswith((".mrc", ".mrcs")) and not entry.startswith(".") and half_written(folder / entry):
            return f"{entry} is half written"
    if any(byte < 32 and byte != 10 or byte == 127 for byte in errors):
        return "control characters in a message"
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.startswith("Error:")]
    if status == 1 and len(lines) != 1:
        return f"{len(lines)} errors for one file"
    known = [name.split(".")[0], "good.", "out", "no such file", "--"]
    if status == 1 and not any(word in lines[0] for word in known):
        return "an error without a file's name"
    return None


def run(seed, command, kept):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="attack-"))
    try:
        arguments, name = case(seed, folder)
        before = {entry.name for entry in folder.iterdir()}
        errors, status = b"", None
        try:
            done = subprocess.run([command, *arguments], cwd=folder, preexec_fn=limited, timeout=SECONDS,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            status, errors = done.returncode, done.stderr
            fault = judge(folder, before, name, status, errors)
            if not fault and any(byte < 32 and byte != 10 or byte == 127 for byte in done.stdout):
                fault = "control characters in the output"
        except subprocess.TimeoutExpired:
            fault = f"took more than {SECONDS} seconds"
        if fault:
            target = kept / f"{seed}"
            shutil.copytree(folder, target)
            (target / "command").write_text(f"{fault}\n{' '.join(arguments)}\n{errors.decode(errors='replace')}")
        return seed, status, fault
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        sys.exit(__doc__)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    command = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else str(ROOT / ".build-check/release/exitplane")
    kept = pathlib.Path(tempfile.mkdtemp(prefix="attack-failures-"))
    statuses, failures = {}, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for seed, status, fault in pool.map(lambda seed: run(seed, command, kept), range(first, first + count)):
            statuses[status] = statuses.get(status, 0) + 1
            if fault:
                failures += 1
                print(f"seed {seed}: {fault}", flush=True)
    said = ", ".join(f"{number} exited {status}" for status, number in sorted(statuses.items(), key=str))
    if failures:
        print(f"{failures} of {count} cases failed ({said}); they are in {kept}")
        sys.exit(1)
    kept.rmdir()
    print(f"all {count} cases were read or refused ({said})")


main()
