#!/usr/bin/env python3
"""How the time and memory of readers grow with a file: reader-growth.py COMMAND [ROWS [CASE ...]]

Writes files of a tenth of ROWS and of ROWS (100,000 by default) items of one kind (blocks, columns, residues,
chains, models, …), has COMMAND (exitplane) say what is in them, and prints seconds, megabytes and the exponent of
growth of either. One of time much above 1 is a search within a search. Exits 1 where one is above 1.5 and the
larger file takes more than a second.
"""

import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

COLUMNS = """group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id label_seq_id
 Cartn_x Cartn_y Cartn_z occupancy B_iso_or_equiv auth_seq_id auth_asym_id pdbx_PDB_model_num""".split()


def cif(atoms, more=""):
    head = "data_x\nloop_\n" + "".join(f"_atom_site.{name}\n" for name in COLUMNS)
    return head + "\n".join(atoms) + "\n" + more


def cif_atom(i, residue=1, chain="A", model=1, alternate=".", name="CA", kind="ALA", group="ATOM"):
    x = i % 100
    return f"{group} {i} C {name} {alternate} {kind} {chain} 1 {residue} {x}.0 1.0 2.0 1.0 20.0 {residue} {chain} {model}"


def pdb_atom(i, residue=1, chain="A", alternate=" ", name=" CA ", kind="ALA"):
    return (f"ATOM  {i % 100000:5d} {name:4s}{alternate}{kind} {chain:1s}{residue % 10000:4d}    "
            f"{i % 100:8.3f}{1:8.3f}{2:8.3f}  1.00 20.00           C")


def loop(prefix, names, rows):
    return "loop_\n" + "".join(f"{prefix}{name}\n" for name in names) + "\n".join(rows) + "\n"


def operations(n):
    names = ["id"] + [f"{kind}[{row}]{column}" for row in (1, 2, 3)
                      for kind, column in (("matrix", "[1]"), ("matrix", "[2]"), ("matrix", "[3]"), ("vector", ""))]
    rows = (f"{i} 1 0 0 0 0 1 0 0 0 0 1 {i}" for i in range(1, n + 1))
    return loop("_pdbx_struct_oper_list.", names, rows)


def assemblies(rows):
    return loop("_pdbx_struct_assembly_gen.", ["assembly_id", "oper_expression", "asym_id_list"], rows)


def particles(n, columns, row):
    return loop("_rln", columns, (row(i) for i in range(n)))


ANGLES = ["AngleRot", "AngleTilt", "AnglePsi"]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

CASES = {
    "blocks.star": lambda n: "".join(f"data_b{i}\n_a {i}\n" for i in range(n)),
    "empty-blocks.star": lambda n: "".join(f"data_b{i}\n" for i in range(n)),
    "pairs.star": lambda n: "data_\n" + "".join(f"_a{i} {i}\n" for i in range(n)),
    "pairs-then-blocks.star": lambda n: "data_\n" + "".join(f"_a{i} {i}\n" for i in range(n))
    + "".join(f"data_b{i}\n_a 1\n" for i in range(n)),
    "columns.star": lambda n: "data_\nloop_\n" + "".join(f"_a{i}\n" for i in range(n)) + "1 " * n + "\n",
    "particle-columns.star": lambda n: "data_particles\nloop_\n" + "".join(f"_rln{name}\n" for name in ANGLES)
    + "".join(f"_a{i}\n" for i in range(n)) + "1 " * (n + 3) + "\n",
    "rows.star": lambda n: "data_particles\n" + particles(n, ANGLES, lambda i: f"{i % 360} 2 3"),
    "groups.star": lambda n: "data_optics\n" + particles(n, ["OpticsGroup", "ImagePixelSize"], lambda i: f"{i} 1.5")
    + "data_particles\n" + particles(n, ANGLES + ["OpticsGroup"], lambda i: f"1 2 3 {i}"),
    "old-groups.star": lambda n: "data_\n" + particles(
        n, ANGLES + ["Voltage", "Magnification", "DetectorPixelSize"], lambda i: f"1 2 3 {i + 1} 10000 5"),
    "quotes.star": lambda n: "data_particles\n" + particles(n, ANGLES + ["ImageName"], lambda i: f"1 2 3 '1@a b.mrcs'"),
    "blanks.star": lambda n: "data_particles\nloop_\n_a\n" + " " * n + "_b\n" + ("  _" * n) + "\n",
    "residues.pdb": lambda n: "\n".join(pdb_atom(i, i) for i in range(n)),
    "alternates.pdb": lambda n: "\n".join(pdb_atom(i, 1, alternate="AB"[i % 2]) for i in range(n)),
    "alternate-names.pdb": lambda n: "\n".join(
        pdb_atom(i, 1, alternate="AB"[i % 2], name=f"{i // 2 % 10000:4d}") for i in range(n)),
    "chains.pdb": lambda n: "\n".join(pdb_atom(i, 1, LETTERS[i % 62]) for i in range(n)),
    "models.pdb": lambda n: "\n".join(pdb_atom(i, 1) + "\nENDMDL" for i in range(min(n, 30000))),
    "bonds.pdb": lambda n: "\n".join(pdb_atom(i, i) for i in range(n)) + "\n"
    + "\n".join(f"CISPEP {i % 1000:3d} ALA A {i % 10000:4d}    ALA A {i % 10000:4d}          0       360.00" for i in range(n)),
    "sheets.pdb": lambda n: "\n".join(
        f"SHEET  {i % 1000:3d} {i % 1000:3d} 1 ALA A   1  ALA A   2  0" for i in range(n)) + "\n" + pdb_atom(1),
    "assemblies.pdb": lambda n: "\n".join(
        f"REMARK 350 BIOMOLECULE: {i}\nREMARK 350 APPLY THE FOLLOWING TO CHAINS: A\n"
        + "\n".join(f"REMARK 350   BIOMT{k + 1}   1 {' '.join(f'{float(j == k):9.6f}' for j in range(3))}        0.00000"
                    for k in range(3)) for i in range(n)) + "\n" + pdb_atom(1),
    "terminated.pdb": lambda n: "\n".join(pdb_atom(i, i) + "\nTER" for i in range(n)),
    "residues.cif": lambda n: cif([cif_atom(i, i) for i in range(n)]),
    "residues-by-turns.cif": lambda n: cif([cif_atom(i, i % (n // 2)) for i in range(n)]),
    "waters.cif": lambda n: cif([cif_atom(i, i, kind="HOH", name="O", group="HETATM") for i in range(n)]),
    "alternates.cif": lambda n: cif([cif_atom(i, 1, alternate="AB"[i % 2]) for i in range(n)]),
    "alternate-names.cif": lambda n: cif(
        [cif_atom(i, 1, alternate="AB"[i % 2], name=f"C{i // 2}") for i in range(n)]),
    "chains.cif": lambda n: cif([cif_atom(i, 1, f"C{i}") for i in range(n)]),
    "models.cif": lambda n: cif([cif_atom(i, 1, model=i) for i in range(n)]),
    "entities.cif": lambda n: cif([cif_atom(i, i, f"C{i}") for i in range(n)],
                                  loop("_entity.", ["id", "type"], (f"{i} polymer" for i in range(n)))
                                  + loop("_struct_asym.", ["id", "entity_id"], (f"C{i} {i}" for i in range(n)))),
    "bonds.cif": lambda n: cif([cif_atom(i, i) for i in range(n)], loop(
        "_struct_conn.", ["id", "conn_type_id", "ptnr1_auth_asym_id", "ptnr1_auth_seq_id", "ptnr1_label_atom_id",
                          "ptnr1_label_comp_id", "ptnr2_auth_asym_id", "ptnr2_auth_seq_id", "ptnr2_label_atom_id",
                          "ptnr2_label_comp_id"], (f"{i} covale A {i} CA ALA A {i} CA ALA" for i in range(n)))),
    "operations.cif": lambda n: cif([cif_atom(1)], assemblies(["1 (1-60) A"]) + operations(n)),
    "assemblies.cif": lambda n: cif([cif_atom(1)], assemblies(f"{i} (1-60)(1-60) A" for i in range(n)) + operations(60)),
    "products.cif": lambda n: cif([cif_atom(1)], assemblies(f"{i} (1-1000)(1-1000) A" for i in range(n)) + operations(1000)),
    "blocks.cif": lambda n: cif([cif_atom(1)], "".join(f"data_b{i}\n_a {i}\n" for i in range(n))),
    "pairs-then-blocks.cif": lambda n: cif(
        [cif_atom(1)], "".join(f"_a{i} {i}\n" for i in range(n)) + "".join(f"data_b{i}\n_a 1\n" for i in range(n))),
}


def measure(command, path):
    start = time.monotonic()
    process = subprocess.Popen(command + [path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    return time.monotonic() - start, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), errors[:200]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    command = [sys.argv[1], "info"]
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    names = sys.argv[3:] or list(CASES)
    steep = []
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'file':24} {'MB':>6} {'seconds':>16} {'memory in MB':>13} {'exponents':>12}  status")
        for name in names:
            measures = []
            for n in (rows // 10, rows):
                path = pathlib.Path(folder) / name
                # Elsewhere, since a child counts the memory of the process that it comes from.
                if (writer := os.fork()) == 0:
                    path.write_text(CASES[name](n))
                    os._exit(0)
                os.waitpid(writer, 0)
                size = path.stat().st_size
                measures.append(measure(command, str(path)))
                path.unlink()
            (t1, m1, _, _), (t2, m2, status, errors) = measures
            growth = (math.log10(t2 / t1), math.log10(m2 / m1))
            print(f"{name:24} {size / 1e6:6.1f} {t1:7.3f} {t2:8.3f} {m1:6.0f} {m2:6.0f} {growth[0]:6.2f}{growth[1]:6.2f}  "
                  f"{status} {errors.decode(errors='replace').strip()[:90]}", flush=True)
            if max(growth) > 1.5 and t2 > 1 or status not in (0, 1):
                steep.append(name)
    if steep:
        sys.exit("grows too fast, or ends badly: " + ", ".join(steep))


main()
