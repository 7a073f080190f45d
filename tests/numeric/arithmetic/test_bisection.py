"""Bisection of ranges whose end is known."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.arithmetic.bisection import bisect

LARGE = 1.7e308


@given(st.floats(5e-324, LARGE / 2))
def test_ends_are_neighbours_around_the_border(border: float) -> None:
    low, high = bisect(lambda x: x < border, 0.0, LARGE / 2)
    assert low < border <= high == math.nextafter(low, math.inf)


@given(st.integers(-(10**30), 10**30 - 1), st.integers(1, 10**20))
def test_integers_stay_exact(last: int, room: int) -> None:
    asked = []

    def holds(n: int) -> bool:
        asked.append(n)
        return n <= last

    assert bisect(holds, last - room, last + room) == (last, last + 1)
    assert all(type(n) is int for n in asked)
    assert len(asked) <= (2 * room).bit_length()


def test_ends_are_not_asked() -> None:
    assert bisect(lambda x: 1 / 0, 1.0, math.nextafter(1.0, 2)) == (1.0, math.nextafter(1.0, 2))
    assert bisect(lambda x: 1 / 0, 7, 8) == (7, 8)


@given(st.lists(st.floats(0.0, 1.0, exclude_min=True), min_size=1, max_size=5))
def test_arrays_are_halved_like_their_entries(borders: list[float]) -> None:
    ends = np.zeros(len(borders)), np.ones(len(borders))
    low, high = bisect(lambda x: x < borders, *ends, halvings=30)
    for k, border in enumerate(borders):
        assert (low[k], high[k]) == bisect(border.__gt__, 0.0, 1.0, 30)
