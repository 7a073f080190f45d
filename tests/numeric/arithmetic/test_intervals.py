"""Intervals of positivity of functions that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.arithmetic.intervals import positive_intervals


@given(st.lists(st.floats(0.01, 9.9), min_size=2, max_size=6, unique=True))
def test_polynomials(roots: list[float]) -> None:
    roots.sort()
    if min(np.diff(roots)) < 0.07:  # a gap between samples may hide two roots
        return
    ends = [0.0, *roots, 10.0] if len(roots) % 2 == 0 else [*roots, 10.0]
    expected = list(zip(ends[::2], ends[1::2], strict=True))
    found = positive_intervals(lambda x: np.prod([x - root for root in roots], axis=0), 0.0, 10.0)
    assert len(found) == len(expected)
    for interval, pair in zip(found, expected, strict=True):
        assert interval == pytest.approx(pair, rel=1e-12)


def test_an_interval_narrower_than_the_grid_is_found() -> None:
    found = positive_intervals(lambda x: 1e-10 - (x - 3.3333) ** 2, 0.0, 10.0)
    assert len(found) == 1
    assert found[0] == pytest.approx((3.3333 - 1e-5, 3.3333 + 1e-5), rel=1e-9)


def test_a_gap_narrower_than_the_grid_is_found() -> None:
    found = positive_intervals(lambda x: (x - 3.3333) ** 2 - 1e-10, 0.0, 10.0)
    assert len(found) == 2


def test_nan_is_not_positive() -> None:
    found = positive_intervals(lambda x: np.where(x < 5, 1.0, np.nan), 0.0, 10.0)
    assert found == [pytest.approx((0.0, 5.0))]
