"""Bisection: where what holds at one end of a range, and not at the other, ceases to hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_TO_THE_LAST_BIT = 2200  # halvings after which any two floats have met


def bisect(
    holds: Callable[[Any], Any], low: Any, high: Any, halvings: int = _TO_THE_LAST_BIT
) -> tuple[Any, Any]:
    """Halve a range until its ends are neighbours, or so many times.

    Parameters
    ----------
    holds
        True at ``low`` and not at ``high``; neither is asked.
    low, high
        Two floats, or two ints, between which only ints are tried; or arrays of one shape, all
        halved at once: then ``holds`` maps arrays to arrays.

    Returns
    -------
    low, high
        The last point found at which it holds, and the first one at which it does not.

    Examples
    --------
    >>> bisect(lambda x: x * x < 2, 1.0, 2.0)
    (1.414213562373095, 1.4142135623730951)
    >>> bisect(lambda n: n * n < 200, 0, 100)
    (14, 15)
    >>> bisect(lambda x: x * x < [2, 3], np.ones(2), np.full(2, 2.0), halvings=3)
    (array([1.375, 1.625]), array([1.5 , 1.75]))
    """
    whole = isinstance(low, int) and isinstance(high, int)
    for _ in range(halvings):
        middle = (low + high) // 2 if whole else (low + high) / 2
        if isinstance(middle, np.ndarray):
            held = holds(middle)
            low, high = np.where(held, middle, low), np.where(held, high, middle)
        elif not low < middle < high:
            break
        elif holds(middle):
            low = middle
        else:
            high = middle
    return low, high
