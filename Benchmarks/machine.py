"""What a number was measured on."""

import datetime
import os
import pathlib
import platform
import subprocess
import time


def describe():
    """The machine, as it goes into the head of a file of results."""
    return {
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "memory_in_gibibytes": _memory_in_gibibytes(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }


def load_average():
    """Processes wanting a CPU over the last minute: above the run's own threads, others were at work too."""
    return round(os.getloadavg()[0], 2)


def wait_for_quiet(limit_in_seconds):
    """Wait until the CPUs are nine tenths idle over two seconds, or the limit is over; returns whether they were."""
    stat = pathlib.Path("/proc/stat")
    if not stat.exists():
        return True
    end = time.monotonic() + limit_in_seconds
    while True:
        before = _cpu_times(stat)
        time.sleep(2)
        passed = [b - a for a, b in zip(before, _cpu_times(stat))]
        # Columns 3 and 4 are idle time and waiting for disks.
        if passed[3] + passed[4] >= 0.9 * sum(passed):
            return True
        if time.monotonic() >= end:
            return False


def commit(folder):
    done = subprocess.run(
        ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True)
    return done.stdout.strip() or None


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def cpus_for(threads):
    """A set of CPUs that holds a process to `threads` threads whatever pool it starts, or None where it cannot be set.

    XLA sizes its pool by the CPUs it may run on and has no other switch. Sibling hyperthreads come last, so that
    threads get cores of their own while there are enough.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    available = sorted(os.sched_getaffinity(0))
    first, rest = [], []
    for cpu in available:
        siblings = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        leader = int(siblings.read_text().replace("-", ",").split(",")[0]) if siblings.exists() else cpu
        (first if leader == cpu or leader not in available else rest).append(cpu)
    return set((first + rest)[:threads])


def _cpu_times(stat):
    return [int(field) for field in stat.read_text().splitlines()[0].split()[1:9]]


def _cpu_model():
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        fields = {}
        for line in cpuinfo.read_text().splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
        name = fields.get("model name", platform.machine())
        # A hypervisor may hide the name; family and model still tell the generation.
        return f"{name}, family {fields.get('cpu family', '?')} model {fields.get('model', '?')}"
    done = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True)
    return done.stdout.strip() or platform.processor()


def _memory_in_gibibytes():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
