"""Bisection: where what holds at one end of a range, and not at the other, ceases to hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import distinct
from sgdmem.numeric.arithmetic.ball import Array

_SHARES = np.arange(1, 16) / 16
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


def rising_root(level: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that rises through 0 is not negative: next to its root.

    By the method of false position, with the Illinois rule; halves where values are infinite.

    Parameters
    ----------
    level
        Negative at ``low``, where it may be -1 if that is not known, and not at ``high``.
    low, high : float

    Examples
    --------
    >>> rising_root(lambda x: x * x - 2, 1.0, 2.0)
    1.4142135623730951
    """
    at_low, at_high, last = level(low), level(high), 0
    for _ in range(_TO_THE_LAST_BIT):
        middle = low + (high - low) / 2
        if not low < middle < high or not at_high > 0:
            break
        step = at_high / (at_high - at_low) * (high - low) if at_high < math.inf else math.nan
        place = high - step
        place = place if low < place < high else middle
        found = level(place)
        side = 1 if found >= 0 else -1
        if side > 0:
            high, at_high = place, found
            at_low /= 2 if last == side else 1
        else:
            low, at_low = place, found
            at_high /= 2 if last == side else 1
        last = side
    return high


def multisect(
    holds: Callable[[Array], Array], low: float, high: float, rounds: int = _TO_THE_LAST_BIT
) -> tuple[float, float]:
    """Do what `bisect` does by sixteenths: each round asks for 15 points at once.

    For functions of arrays of which a call costs more than a point. So many rounds at most.

    Examples
    --------
    >>> multisect(lambda x: x * x < 2, 1.0, 2.0)
    (1.414213562373095, 1.4142135623730951)
    """
    for _ in range(rounds):
        points = distinct(np.append(low + (high - low) * _SHARES, (low + high) / 2))
        points = points[(points > low) & (points < high)]
        if points.size == 0:
            break
        held = np.append(holds(points), False)
        first = int(np.argmin(held))  # that does not hold
        ends = [low, *points.tolist(), high]
        low, high = ends[first], ends[first + 1]
    return low, high
