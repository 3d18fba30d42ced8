"""How every peer is timed: warmed up first (compilation is not counted), repeated, all times kept."""

import argparse
import json
import time

# A setting is repeated at least this often, and until this much time is spent on it.
LEAST_REPEATS = 3
SECONDS_PER_SETTING = 1.5


def arguments(*extra):
    """The options all peers share, and `extra` ones as (name, keyword arguments of add_argument)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", required=True)
    parser.add_argument("--threads", type=int, default=2)
    for name, keywords in extra:
        parser.add_argument(name, **keywords)
    return parser.parse_args()


def report(workload, setting, call, projections, threads, **more):
    """Time `call`, which makes `projections` projections and returns when they are there; print one JSON object.

    `more` goes into the object as it is."""
    call()
    times, started = [], time.perf_counter()
    while len(times) < LEAST_REPEATS or time.perf_counter() - started < SECONDS_PER_SETTING:
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1e3 / projections)
    print(json.dumps({
        "workload": workload, "setting": setting, "milliseconds_per_projection": min(times),
        "raw_milliseconds": [round(t, 5) for t in times], "projections": projections,
        "threads": threads, "precision": "single", **more,
    }), flush=True)
