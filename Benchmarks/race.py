#!/usr/bin/env python3
"""Race ExitPlane against its peers on named workloads, in turn, on the same threads.

    python3 Benchmarks/race.py [WORKLOAD ...]

Sets up the peers' virtual environments where they are missing, runs every contestant of every workload once a round
(starting with another one each round), keeps all raw times in Benchmarks/results/ and prints a Markdown table.
"""

import argparse
import fnmatch
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

import machine
import report
from environments import Environments
from workloads import WORKLOADS, ExitPlane, Peer, Processes

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent


class Unavailable(Exception):
    """A contestant that cannot take part here, and why."""


class Race:
    def __init__(self, options):
        self.options = options
        self.environments = Environments(options.venv_dir)
        self.cpus = machine.cpus_for(options.threads)
        self._version_said = {}

    # What each kind of contestant does in one round: a list of records.

    def run(self, name, contestant):
        if isinstance(contestant, Peer):
            return self._run_peer(name, contestant)
        if isinstance(contestant, ExitPlane):
            return self._run_ours(name, contestant)
        return [self._run_processes(name, contestant)]

    def _run_peer(self, name, peer):
        try:
            versions = self.environments.prepare(peer.environment)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            raise Unavailable(f"no environment {peer.environment}: {error}") from error
        command = [
            str(self.environments.python(peer.environment)), str(HERE / "peers" / peer.script), "--workload", name,
            "--threads", str(self.options.threads), *shlex.split(peer.arguments)]
        return [r | {"versions": versions} for r in self._json_lines(command)]

    def _run_ours(self, name, ours):
        workload = ours.workload or name
        command = [
            self._exitplane(), "benchmark", workload, "--threads", str(self.options.threads), "--json"]
        records = [r for r in self._json_lines(command) if r.get("precision", "single") == "single"]
        return [r | {"workload": name, "setting": r.get("setting", "")} for r in records]

    def _run_processes(self, name, contestant):
        inputs = self._inputs(name)
        outputs = HERE / ".cache" / "outputs"
        shutil.rmtree(outputs, ignore_errors=True)
        outputs.mkdir(parents=True)
        commands = [shlex.split(self._filled(c, inputs, outputs)) for c in contestant.commands]
        if shutil.which(commands[0][0]) is None:
            raise Unavailable(f"{commands[0][0]} is not installed")
        started = time.perf_counter()
        # A file, not a pipe: nobody reads while they run, and RELION talks a lot.
        with open(outputs / "log", "w+") as log:
            running = [
                subprocess.Popen(c, stdout=log, stderr=log, env=self._environment(), preexec_fn=self._pin)
                for c in commands]
            try:
                used = [os.wait4(process.pid, 0) for process in running]
            except BaseException:
                for process in running:
                    process.kill()
                raise
            seconds = time.perf_counter() - started
            log.seek(0)
            said = log.read()
        if any(os.waitstatus_to_exitcode(status) != 0 for _, status, _ in used):
            raise Unavailable(f"{contestant.commands[0].split()[0]} failed: {said.strip()[-300:]}")
        projections = WORKLOADS[name].projections_per_unit
        return {
            "workload": name, "setting": "", "milliseconds_per_projection": seconds * 1e3 / projections,
            "wall_seconds": seconds, "projections": projections, "threads": self.options.threads,
            "versions": self._said_version(contestant.version_command),
            "cpu_seconds": sum(u.ru_utime + u.ru_stime for _, _, u in used),
            "peak_memory_in_mebibytes": sum(u.ru_maxrss for _, _, u in used) / 1024,
        }

    # Helpers

    def _said_version(self, command):
        if command is None:
            return {}
        if command not in self._version_said:
            done = subprocess.run(shlex.split(command), capture_output=True, text=True)
            self._version_said[command] = (done.stdout + done.stderr).strip().partition("\n")[0]
        return {command.split()[0]: self._version_said[command]}

    def _filled(self, command, inputs, outputs):
        exitplane = self._exitplane() if "{exitplane}" in command else ""
        return command.format(
            exitplane=shlex.quote(exitplane), inputs=shlex.quote(str(inputs)), outputs=shlex.quote(str(outputs)),
            threads=self.options.threads)

    def _inputs(self, name):
        folder = HERE / ".cache" / name
        finished = folder / "finished"
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            self.environments.prepare("finufft")
            script, *arguments = shlex.split(WORKLOADS[name].prepare)
            subprocess.run(
                [self.environments.python("finufft"), HERE / "peers" / script, *arguments, "--folder", folder],
                check=True)
            finished.touch()
        return folder

    def _exitplane(self):
        path = pathlib.Path(self.options.exitplane)
        if not path.exists():
            raise Unavailable(f"no {path}: build it with swift build -c release, or name it with --exitplane")
        return str(path.resolve())

    def _json_lines(self, command):
        done = subprocess.run(
            command, capture_output=True, text=True, env=self._environment(), preexec_fn=self._pin)
        records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        # A peer that dies of one setting (memory, say) still counts with the others.
        if not records:
            raise Unavailable(f"{pathlib.Path(command[0]).name} gave no times: {done.stderr.strip()[-300:]}")
        return records

    def _environment(self):
        threads = str(self.options.threads)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "XLA_", "JAX_"))}
        return kept | {
            "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads,
            "JAX_PLATFORMS": "cpu"}

    def _pin(self):
        if self.cpus is not None:
            os.sched_setaffinity(0, self.cpus)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD",
                        help=f"of {', '.join(WORKLOADS)}, or a pattern such as 'gradient-*'; all by default")
    parser.add_argument("--venv-dir", help="folder of the peers' virtual environments (default: Benchmarks/.venv-*)")
    parser.add_argument("--exitplane", default=REPOSITORY / ".build" / "release" / "exitplane",
                        help="our command (default: .build/release/exitplane)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quiet", type=float, default=0, metavar="SECONDS",
                        help="before every turn wait so long at most for other programs to leave the CPUs alone")
    parser.add_argument("--only", metavar="TEXT", help="only contestants whose label holds this text")
    parser.add_argument("--report", nargs="+", type=pathlib.Path, metavar="FILE",
                        help="run nothing: print the table of these files of results")
    options = parser.parse_args()
    if options.report:
        print(report.markdown(report.read(options.report)))
        return 0
    unknown = [name for name in options.workloads if not fnmatch.filter(WORKLOADS, name)]
    if unknown:
        parser.error(f"no workload {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    options.workloads = list(dict.fromkeys(
        name for pattern in options.workloads or ["*"] for name in fnmatch.filter(WORKLOADS, pattern)))

    date = machine.now()
    path = HERE / "results" / f"{date.replace(':', '')}.json"
    path.parent.mkdir(exist_ok=True)
    with open(path, "w") as results:
        # Written as they come, so that a run broken off keeps what it has.
        def keep(record):
            results.write(json.dumps(record) + "\n")
            results.flush()

        # The commit of what is raced, which may lie in another checkout.
        built_in = pathlib.Path(options.exitplane).resolve().parent
        commit = machine.commit(built_in if built_in.exists() else REPOSITORY)
        keep({"kind": "run", "date": date, "commit": commit, "machine": machine.describe(),
              "threads": options.threads})
        measured = run_rounds(Race(options), options, keep)
    if not measured:
        path.unlink()
        print("nothing was measured", file=sys.stderr)
        return 1
    print(report.markdown(report.read([path])))
    print(f"raw times: {path.relative_to(REPOSITORY)}", file=sys.stderr)
    return 0


def run_rounds(race, options, keep):
    """Every contestant once a round, another one first each round; returns how many times were kept."""
    kept = 0
    for name in options.workloads:
        left = [c for c in WORKLOADS[name].contestants if not options.only or options.only in c.label]
        for turn in range(options.rounds):
            first = turn % max(len(left), 1)
            for contestant in left[first:] + left[:first]:
                print(f"{name}, round {turn + 1}: {contestant.label}", file=sys.stderr)
                quiet = machine.wait_for_quiet(options.quiet) if options.quiet else None
                load = machine.load_average()
                try:
                    records = race.run(name, contestant)
                except Unavailable as reason:
                    left.remove(contestant)
                    keep({"kind": "absent", "workload": name, "contestant": contestant.label, "reason": str(reason)})
                    print(f"  left out: {reason}", file=sys.stderr)
                    continue
                for record in records:
                    keep(record | {
                        "kind": "time", "workload": name, "contestant": contestant.label, "round": turn,
                        "quiet_before": quiet, "load_average_before": load})
                kept += len(records)
    return kept


if __name__ == "__main__":
    sys.exit(main())
