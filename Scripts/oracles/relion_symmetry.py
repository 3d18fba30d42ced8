"""Writes Tests/Goldens/symmetry_relion.json: the rotations of symmetry groups by `relion_refine --print_symmetry_ops`.

    python Scripts/oracles/relion_symmetry.py > Tests/Goldens/symmetry_relion.json

RELION 3.1.3 (Debian relion 3.1.3). Each rotation but the identity is given by RELION's angles rot, tilt and psi.
"""
import json
import re
import subprocess

groups = {}
for name in "C7 D3 T O I I1 I2 I3 I4".split():
    command = ["relion_refine", "--sym", name, "--print_symmetry_ops"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    angles = re.findall(r"Euler angles: (\S+) (\S+) (\S+)", text)
    groups[name] = [[round(float(angle), 5) for angle in triple] for triple in angles]
print(json.dumps({"version": "RELION 3.1.3", "groups": groups}))
