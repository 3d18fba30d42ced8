"""Runs the command that the package holds."""

import os
import sys
from pathlib import Path


def main() -> None:
    command = Path(__file__).parent / "exitplane"
    try:
        os.execv(command, [str(command), *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"exitplane: {command}: {error.strerror}")
