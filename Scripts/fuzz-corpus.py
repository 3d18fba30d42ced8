#!/usr/bin/env python3
"""Small valid files for libFuzzer to begin with: fuzz-corpus.py FOLDER.

The first byte is the number of the reader (0 MRC, 1 STAR, 2 structures), the rest the file.
"""

import gzip
import pathlib
import struct
import sys

folder = pathlib.Path(sys.argv[1])


def mrc(mode, order, samples, group=1):
    shape = (4, 3, 2)
    words = [*shape, mode, 0, 0, 0, 4, 3, 2 if group else 1]
    header = struct.pack(f"{order}10i6f3i3f2i", *words, 6, 4.5, 3, 90, 90, 90, 1, 2, 3, 0, 1, 0.5, group, 0)
    stamp = b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0"
    return (header.ljust(208, b"\0") + b"MAP " + stamp).ljust(1024, b"\0") + samples


star = """
data_optics
loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnImagePixelSize #3
a 1 1.5

data_particles
loop_
_rlnImageName #1
_rlnAngleRot #2
_rlnAngleTilt #3
_rlnAnglePsi #4
_rlnOriginXAngst #5
_rlnDefocusU #6
_rlnOpticsGroup #7
000001@a.mrcs 1 2 3 0.5 10000 1
'000002@b c.mrcs' 4 5 6 0 9000 1

"""
pdb = "ATOM      1  CA  ALA A   1       0.000   1.000   2.000  1.00 20.00           C\nEND\n"
cif = """data_x
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.label_seq_id
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
_atom_site.occupancy
_atom_site.B_iso_or_equiv
ATOM 1 C CA ALA A 1 0.0 1.0 2.0 1.0 20.0
"""
files = [
    (0, mrc(2, "<", bytes(96))), (0, mrc(2, ">", bytes(96))), (0, mrc(0, "<", bytes(24))),
    (0, mrc(12, "<", bytes(48), group=0)), (0, gzip.compress(mrc(1, "<", bytes(48)), mtime=0)),
    (1, star.encode()), (1, b"data_\n_rlnAngleRot 1\n_rlnAngleTilt 2\n_rlnAnglePsi 3\n"),
    (1, gzip.compress(star.encode(), mtime=0)), (2, pdb.encode()), (2, cif.encode()),
    (2, gzip.compress(cif.encode(), mtime=0)),
]
for number, (reader, data) in enumerate(files):
    (folder / f"seed-{number:02}").write_bytes(bytes([reader]) + data)
