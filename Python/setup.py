"""Builds the library and the command with Swift, and puts both into the package.

EXITPLANE_SCRATCH names a folder for what Swift compiles, to be used again; by default ../.build-python.
EXITPLANE_WITHOUT_COMMAND leaves the command out.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

here = Path(__file__).resolve().parent
root = here.parent
# What the library has inside, from archives. libpng's cannot be part of a shared library and goes beside it; zlib's, of
# which there is one wherever Python is, stays outside.
inside = ["fftw3", "fftw3f", "stdc++"]
beside = "libpng16.so.16"


def version() -> str:
    source = (root / "Sources" / "ExitPlane" / "Version.swift").read_text()
    return re.search(r'exitPlaneVersion = "(.*)"', source).group(1)


def run(*command: object) -> str:
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def build(into: Path) -> None:
    """The shared library, and the command linked with all it needs."""
    if not shutil.which("swift"):
        sys.exit("exitplane is built by Swift 6.3, which is not here: https://www.swift.org/install")
    scratch = Path(os.environ.get("EXITPLANE_SCRATCH") or root / ".build-python")
    release = scratch / "release"
    swift = ["swift", "build", "--package-path", root, "--scratch-path", scratch, "-c", "release",
             "-Xswiftc", "-static-stdlib"]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name in inside:
            archive = found(f"lib{name}.a")
            (Path(folder) / archive.name).symlink_to(archive)
        run(*swift, "--product", "exitplane_c")
        # Linked anew: among SwiftPM's options there is none that goes before the system's folders.
        linker = [f"--version-script={here / 'exported.map'}", "--gc-sections", "--strip-all", "-rpath", "$ORIGIN"]
        run("swiftc", "-emit-library", "-static-stdlib", f"@{release}/exitplane_c.product/Objects.LinkFileList",
            f"-L{folder}", "-lstdc++", "-lm", *(part for option in linker for part in ("-Xlinker", option)),
            "-o", into / "libexitplane_c.so")  # fmt: skip
        shutil.copy(found(beside).resolve(), into / beside)
        if not os.environ.get("EXITPLANE_WITHOUT_COMMAND"):
            run(*swift, "--product", "exitplane")
            run(root / "Scripts" / "install.sh", "link", release, "--prefix", folder)
            shutil.copy(Path(folder) / "bin" / "exitplane", into)


def found(library: str) -> Path:
    path = Path(run("cc", f"-print-file-name={library}").strip())
    if not path.is_absolute():
        sys.exit(f"exitplane is linked with {library}, which is not here; ./exitplane installs it on Debian")
    return path


def glibc(file: Path) -> tuple[int, int]:
    """The oldest that has all the symbols a file asks for."""
    found = re.findall(r"GLIBC_(\d+)\.(\d+)", run("objdump", "-T", file))
    return max((int(major), int(minor)) for major, minor in found)


class BuildWithSwift(build_py):
    def run(self) -> None:
        super().run()
        build(Path(self.build_lib) / "exitplane")


class WheelOfPlatform(bdist_wheel):
    """For any Python 3 on Linux of this architecture, with the glibc that the library asks for or a later one."""

    def get_tag(self) -> tuple[str, str, str]:
        major, minor = glibc(Path(self.bdist_dir or "") / "exitplane" / "libexitplane_c.so")
        return "py3", "none", f"manylinux_{major}_{minor}_{os.uname().machine}"


class DistributionOfPlatform(Distribution):
    def has_ext_modules(self) -> bool:
        return True


setup(
    version=version(), distclass=DistributionOfPlatform,
    cmdclass={"build_py": BuildWithSwift, "bdist_wheel": WheelOfPlatform},
)  # fmt: skip
