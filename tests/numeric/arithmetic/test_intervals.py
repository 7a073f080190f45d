"""Intervals of positivity of functions that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.arithmetic.ball import Array
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


def test_roots_of_a_function_that_learns() -> None:
    """As radii of samples, which grow once a point near the edge is looked at closely."""
    edges = [2.0]

    def margin(points: Array) -> Array:
        values = np.exp(3 * (edges[-1] - points)) - 1
        if ((values > 0) & (values < 1e-3)).any():
            edges.append(1.999)
        return np.asarray(values)

    ((low, high),) = positive_intervals(margin, 0, 8, costly=True)
    assert low == 0
    assert high == pytest.approx(1.999, rel=1e-10)


def test_costly_functions_that_jump_are_asked_little_more() -> None:
    asked = list[float]()

    def margin(points: Array) -> Array:
        asked.extend(points.tolist())
        return np.where(points < 2, 0.5, -np.inf)

    ((_, high),) = positive_intervals(margin, 0, 8, costly=True)
    assert high == pytest.approx(2, rel=1e-10)
    assert len(asked) < 100
