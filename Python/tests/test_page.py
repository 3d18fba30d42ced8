"""The snippets of Docs/Python.md run, one after the other, and those of README.md."""

import re
from pathlib import Path

import numpy as np
import pytest

import exitplane as ep

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "Docs" / "Python.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="Docs/Python.md is not here")


def snippets(path, kinds):
    found = re.findall(r"^```python *(\w*)\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)
    return [code for kind, code in found if kind in kinds]


def run(codes, name):
    names = {}
    for code in codes:
        exec(compile(code, name, "exec"), names)


@pytest.mark.parametrize("needs", ["", "torch", "jax"])
def test_page(needs, tmp_path, monkeypatch):
    if needs:
        pytest.importorskip(needs)
    monkeypatch.chdir(tmp_path)
    codes = snippets(PAGE, ("", needs))
    assert len(codes) >= 6
    run(codes, PAGE.name)


def test_readme(tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exitplane-demo").mkdir()
    voxels = rng.normal(size=(12, 12, 12)).astype(np.float32)
    ep.write_map("exitplane-demo/map.mrc", ep.RealVoxelGridVolume(voxels, 1.4))
    codes = snippets(ROOT / "README.md", ("",))
    assert codes
    run(codes, "README.md")
