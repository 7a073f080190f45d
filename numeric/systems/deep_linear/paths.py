"""Simulated paths of deep linear modes under SGD's diffusion, and when they pass a level."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.systems.deep_linear.flow import read_rising, require_mode
from sgdmem.numeric.systems.deep_linear.mode import LARGEST, DeepLinearMode
from sgdmem.symbolic.errors import InputError, shown

_MOST = 10**8  # numbers that are kept
_LONGEST = 0.5  # move of log s in a step, beyond which it is taken in parts
_PARTS, _DIVISIONS = 8, 7
_CEILING = 20


class ModePaths(NamedTuple):
    """Simulated strengths of a mode.

    Attributes
    ----------
    s : ndarray, shape (times, paths)
    passages : ndarray, shape (paths,)
        When each first reached the level; infinite if it did not, or there is none.
    """

    s: Array
    passages: Array


def mode_paths(
    mode: DeepLinearMode,
    start: Any,
    times: Any,
    *,
    level: Any = None,
    paths: Any = 1000,
    steps: Any = 1000,
    seed: Any = 0,
    progress: bool = False,
) -> ModePaths:
    """Simulate the diffusion of a mode, in log s, by Platen's scheme of weak order 2.

    Where drift is steep, far above the target, a step is taken in parts; from 20 times the target,
    the start and the level on, where modes are for next to no time, paths are reflected. Crossings
    of the level between two steps are drawn as those of a Brownian bridge.

    Parameters
    ----------
    mode : DeepLinearMode
    start : number > 0
    times : sequence of numbers
        At which strengths are kept, in units of learning rate times steps, rising.
    level : number, optional
        Above the start.
    paths : int
    steps : int
        Of the scheme, up to the last time.
    seed : int
    progress : bool
        Show a progress bar.

    Raises
    ------
    InputError
        For arguments out of their range, and steps that are too long.

    Examples
    --------
    >>> mode = DeepLinearMode(3, 1, learning_rate=0.02, batch_size=1, label_variance=3)
    >>> found = mode_paths(mode, 0.001, [6, 9], level=0.5, paths=4)
    >>> found.s.shape, found.passages.shape
    ((2, 4), (4,))
    """
    mode = require_mode(mode)
    first, moments = bounded_float(start, "start", LARGEST), read_rising(times)
    last = math.inf if level is None else bounded_float(level, "level", LARGEST)
    if not first < last:
        raise InputError(f"level must be above start, {first:g}, got {shown(level)}")
    tops = (first, mode.target, 0.0 if level is None else last)
    ceiling = math.log(_CEILING * max(tops))
    count = whole(paths, "paths", 1, _MOST // len(moments))
    pace = moments[-1] / whole(steps, "steps", 1, _MOST)
    counts = np.maximum(1, np.ceil(np.diff(moments, prepend=0) / pace - 1e-9)).astype(int)
    rng = np.random.default_rng(whole(seed, "seed", 0))
    y, passages = np.full(count, math.log(first)), np.full(count, math.inf)
    kept, now = np.empty((len(moments), count)), 0.0
    with shown_progress("steps of the paths", int(counts.sum()), progress) as advance:
        for row, (end, number) in enumerate(zip(moments, counts, strict=True)):
            h = (end - now) / number
            for step in range(number):
                moved, noise = _step(mode, y, h, rng, ceiling)
                if level is not None:
                    share = _crossing(y, moved, noise, math.log(last), rng)
                    passages = np.minimum(passages, now + h * (step + share))
                y = moved
            now, kept[row] = float(end), np.exp(y)
            advance(int(number))
    return ModePaths(kept, passages)


def _step(
    mode: DeepLinearMode,
    y: Array,
    h: float,
    rng: np.random.Generator,
    ceiling: float,
    divided: int = 0,
) -> tuple[Array, Array]:
    """Return log s after a step, and the deviation of its noise; in parts where it is too long."""
    s = np.exp(y)
    drift, noise = h * mode.drift(s, "log"), math.sqrt(h) * mode.diffusion(s, "log")
    hard = np.maximum(np.abs(drift), noise) > _LONGEST
    if hard.any() and divided == _DIVISIONS:
        raise InputError(f"steps must be more, as some move log s too far at s = {s[hard].max():g}")
    moved = y.copy()
    for _ in range(_PARTS if hard.any() else 0):
        moved[hard] = _step(mode, moved[hard], h / _PARTS, rng, ceiling, divided + 1)[0]
    easy = ~hard
    y, drift, some = y[easy], drift[easy], noise[easy]
    z = rng.standard_normal(len(y))
    ahead = np.exp(y + drift + some * z)
    up, down = (
        math.sqrt(h) * mode.diffusion(np.exp(y + drift + sign * some), "log") for sign in (1, -1)
    )
    drift = (drift + h * mode.drift(ahead, "log")) / 2
    moved[easy] = y + drift + (up + down + 2 * some) / 4 * z + (up - down) / 4 * (z**2 - 1)
    return np.minimum(moved, 2 * ceiling - moved), noise


def _crossing(
    begin: Array, end: Array, noise: Array, level: float, rng: np.random.Generator
) -> Array:
    """Return the share of a step after which a level is crossed; infinite where it is not."""
    over = end >= level
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.where(over, (level - begin) / (end - begin), 0.5)
        chance = np.exp(-2 * np.maximum(level - begin, 0) * (level - end) / noise**2)
    return np.where(over | (rng.random(len(begin)) < chance), np.clip(share, 0, 1), math.inf)
