"""Virtual environments for the peers: which packages, which versions, made when they are missing."""

import json
import os
import pathlib
import subprocess
import sys

# Versions are pinned, so that a table can be made again. torch-projectors 0.13.1 is built against torch 2.6;
# cryoJAX and torch bring different NumPys, and 0.5 and 0.6 of cryoJAX exclude each other.
PACKAGES = {
    "cryojax-0.6": {"cryojax": "0.6.0", "jax": "0.10.2", "jax-finufft": "1.3.1", "nufftax": "0.6.1"},
    "cryojax-0.5": {"cryojax": "0.5.1", "jax": "0.10.2", "jax-finufft": "1.3.1"},
    "torch": {"torch": "2.6.0", "torch-projectors": "0.13.1", "numpy": "2.4.6"},
    "finufft": {"finufft": "2.5.1", "numpy": "2.4.6", "mrcfile": "1.5.4", "starfile": "0.5.13"},
    "figures": {"finufft": "2.5.1", "numpy": "2.4.6", "mrcfile": "1.5.4", "matplotlib": "3.10.0"},
}

# Runs inside an environment: the versions it holds, null where a package is missing.
VERSIONS_SCRIPT = """
import importlib.metadata, json, sys
versions = {}
for name in sys.argv[1:]:
    try: versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError: versions[name] = None
print(json.dumps(versions))
"""


def default_root():
    return pathlib.Path(__file__).resolve().parent


class Environments:
    """The environments under one folder: `.venv-NAME` beside this file, or `NAME` in a folder of the user's."""

    def __init__(self, folder=None):
        self._folder = pathlib.Path(folder).resolve() if folder else None
        self._ready = {}

    def path(self, name):
        return self._folder / name if self._folder else default_root() / f".venv-{name}"

    def python(self, name):
        return self.path(name) / "bin" / "python"

    def prepare(self, name):
        """Make or mend environment `name`; returns its package versions, or raises RuntimeError with pip's words."""
        if name in self._ready:
            return self._ready[name]
        wanted = PACKAGES[name]
        if not self.python(name).exists():
            print(f"creating {self.path(name)}", file=sys.stderr)
            _run([sys.executable, "-m", "venv", str(self.path(name))])
        if not _satisfies(self._versions(name), wanted):
            requirements = [f"{package}=={version}" for package, version in wanted.items()]
            print(f"installing {' '.join(requirements)}", file=sys.stderr)
            _run([str(self.python(name)), "-m", "pip", "install", "--quiet", *requirements])
        versions = self._versions(name)
        if not _satisfies(versions, wanted):
            raise RuntimeError(f"{self.path(name)} holds {versions}, wanted {wanted}")
        self._ready[name] = versions
        return versions

    def _versions(self, name):
        command = [str(self.python(name)), "-c", VERSIONS_SCRIPT, *PACKAGES[name], "numpy"]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def enter(self, name):
        """Run this very script again in environment `name`, unless that is where it runs already."""
        if pathlib.Path(sys.prefix).resolve() == self.path(name).resolve():
            return
        self.prepare(name)
        os.execv(self.python(name), [str(self.python(name)), *sys.argv])


def _satisfies(versions, wanted):
    # torch says "2.6.0+cu124" of itself.
    return all((versions[package] or "").split("+")[0] == version for package, version in wanted.items())


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
