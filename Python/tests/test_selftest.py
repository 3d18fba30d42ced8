import numpy as np
import pytest

from exitplane import selftest


@pytest.mark.parametrize("name, found, expected, tolerance", selftest.cases(), ids=lambda value: str(value)[:40])
def test_direct_sums(name, found, expected, tolerance):
    assert selftest.error(np.asarray(found), np.asarray(expected)) <= tolerance
