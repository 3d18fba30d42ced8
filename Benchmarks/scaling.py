#!/usr/bin/env python3
"""How the cost of Gaussian projection grows with the number of atoms: the exponent, into the benchmark's record.

    python3 Benchmarks/scaling.py [--exitplane PATH] [--threads N]

Runs `exitplane benchmark gaussian-1k` to `gaussian-1000k` three times in turn and fits a power of the number of atoms to
the best times.
"""

import argparse
import json
import math
import pathlib
import subprocess

import machine

HERE = pathlib.Path(__file__).resolve().parent
THOUSANDS = (1, 5, 10, 50, 100, 1000)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--exitplane", type=pathlib.Path, default=HERE.parent / ".build/release/exitplane")
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()

times = {count: [] for count in THOUSANDS}
for _ in range(3):
    for count in THOUSANDS:
        done = subprocess.run(
            [options.exitplane, "benchmark", f"gaussian-{count}k", "--threads", str(options.threads), "--json"],
            capture_output=True, text=True, check=True)
        times[count].append(json.loads(done.stdout)["milliseconds_per_projection"])

points = [(math.log(1000 * count), math.log(min(values))) for count, values in times.items()]
mean = [sum(axis) / len(points) for axis in zip(*points)]
exponent = (sum((x - mean[0]) * (y - mean[1]) for x, y in points) / sum((x - mean[0]) ** 2 for x, _ in points))

date = machine.now()
path = HERE / "results" / f"{date.replace(':', '')}-scaling.json"
with open(path, "w") as results:
    for record in (
        {"kind": "run", "date": date, "commit": machine.commit(options.exitplane.resolve().parent),
         "machine": machine.describe(), "threads": options.threads},
        {"kind": "scaling", "workload": "gaussian", "exponent": round(exponent, 4),
         "raw_milliseconds": {str(1000 * count): values for count, values in times.items()}},
    ):
        results.write(json.dumps(record) + "\n")
print("| atoms | ms a projection |\n|---|---|")
for count, values in times.items():
    print(f"| {1000 * count:,} | {min(values):.3g} |")
print(f"\nCost grows as the number of atoms to the power {exponent:.3f}.")
