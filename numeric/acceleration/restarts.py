"""Schedules whose clock stands still in blocks of doubling length, after which memory is cleared.

Inside a block one algorithm makes all steps, so that it is stationary there, and nothing of one
block's memory is left in the next: what is known of stationary methods is then known of schedules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.schedules.schedule import Schedule


def restarted(rule: Schedule, first: int) -> Schedule:
    """Return a schedule that has in each block the algorithm of its first step, and restarts.

    Block k = 0, 1, ... has ``first`` 2^k steps. Its last step leaves w as before, and sets the
    auxiliary vectors to 0: there c = 0 and D = 0.

    Examples
    --------
    >>> from sgdmem.methods import schedule
    >>> rule = schedule("heavy-ball", learning_rate=lambda t: 1 / (1 + t), momentum=0.9)
    >>> steps = restarted(rule, 2).steps(0, 6)
    >>> steps.alpha.round(2), steps.D.ravel()
    (array([1.  , 1.  , 0.33, 0.33, 0.33, 0.33]), array([0.9, 0. , 0.9, 0.9, 0.9, 0. ]))
    """
    return replace(rule, evaluate=partial(_entries, rule, first))


def block_starts(first: int, t: Array) -> tuple[Array, Array]:
    """Return the first steps of the blocks that some steps are in, and of the blocks after them."""
    _, powers = np.frexp((t + first) / first)
    start = first * (2.0 ** (powers - 1) - 1)
    return start, 2 * start + first


def _entries(rule: Schedule, first: int, t: Array) -> Sequence[Any]:
    start, following = block_starts(first, t)
    entries, M = list(rule.evaluate(start)), rule.memory
    goes_on = t + 1 < following
    for i in range(1 + M, 1 + 2 * M + M * M):  # c and D
        entries[i] = np.where(goes_on, entries[i], 0.0)
    return entries
