"""From files of raw times to Markdown."""

import json
import statistics

from workloads import WORKLOADS


def read(paths):
    """The records of several files, each with the head of its file under `run`."""
    records = []
    for path in paths:
        run = None
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if record["kind"] == "run":
                run = record
            elif record["kind"] == "time":
                records.append(record | {"run": run})
    return records


def markdown(records):
    """A table a workload: best and median of the rounds, and how many times as long as ours each took."""
    return "\n\n".join(
        _table(name, [r for r in records if r["workload"] == name])
        for name in WORKLOADS
        if any(r["workload"] == name for r in records))


def _table(name, records):
    workload = WORKLOADS[name]
    scale = workload.projections_per_unit / (1000 if workload.unit.startswith("s ") else 1)
    rows, ours = [], None
    for contestant in workload.contestants:
        mine = [r for r in records if r["contestant"] == contestant.label]
        if not mine:
            continue
        # One round's time is the best of its settings and repeats.
        best_of_round = {}
        for record in mine:
            key = (record["run"]["date"], record["round"])
            time = record["milliseconds_per_projection"] * scale
            best_of_round[key] = min(time, best_of_round.get(key, time))
        times = list(best_of_round.values())
        fastest = min(mine, key=lambda r: r["milliseconds_per_projection"])
        if contestant.label == "ExitPlane":
            ours = times
        rows.append((contestant, times, fastest.get("setting") or ""))
    lines = [
        f"**{name}**: {workload.description}",
        "",
        f"| | best, {workload.unit} | median of {max((len(t) for _, t, _ in rows), default=0)} rounds "
        "| times ours (best, median) | setting of the best |",
        "|---|---|---|---|---|",
    ]
    for contestant, times, setting in rows:
        ratio = ""
        if ours and times is not ours:
            ratio = f"{_short(min(times) / min(ours))}, {_short(statistics.median(times) / statistics.median(ours))}"
        label = f"*{contestant.label}*" if contestant.is_yardstick else contestant.label
        lines.append(f"| {label} | {_short(min(times))} | {_short(statistics.median(times))} | {ratio} | {setting} |")
    return "\n".join(lines)


def _short(number):
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"
