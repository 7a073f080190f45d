r"""The law of a deep linear mode under SGD's diffusion at any time: its Fokker-Planck equation.

In log s, with finite volumes: probability moves between neighbours on a grid at the rates of
Scharfetter and Gummel, which conserve it and stay positive however strong the drift. Steps in time
are implicit, of second order, and damp what is stiff. Both are refined once: the answer is
extrapolated, and its error is estimated by what that changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, positive
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.systems.deep_linear.flow import read_rising, require_mode
from sgdmem.numeric.systems.deep_linear.laws import potential_slope
from sgdmem.numeric.systems.deep_linear.mode import LARGEST, DeepLinearMode
from sgdmem.symbolic.errors import InputError, shown

_GAMMA = 1 - 1 / math.sqrt(2)
_FAR = 45.0  # -log of the probability beyond the grid
_CELLS, _STEPS, _HALVINGS = 500, 200, 5
_LEAST_GAP = 1e-9  # in log s, from a target about which nothing but data makes noise


@dataclass(frozen=True, eq=False)
class ModeLaw:
    """The law of a mode at some times; see `mode_law`.

    Attributes
    ----------
    s : ndarray, shape (n,)
        Strengths, from low to high.
    values : ndarray, shape (times, n)
        The probabilities of being below each, and of not having reached the level, if there is one.
    passed : ndarray, shape (times,)
        The probabilities of having reached the level; 0 if there is none.
    error : float
        What refinement changed at most: a cautious estimate, as they are extrapolated.
    """

    s: Array
    values: Array
    passed: Array
    error: float

    def cdf(self, s: Any) -> Array:
        """Return the probabilities of being below strengths, shape (times, strengths)."""
        from scipy.interpolate import PchipInterpolator

        log_s = np.log(read_vector(np.atleast_1d(s), "s"))
        grid = np.log(self.s)
        with np.errstate(over="ignore"):  # in slopes where probabilities are next to nothing
            spline = PchipInterpolator(grid, self.values, axis=1)
        found: Array = spline(np.clip(log_s, grid[0], grid[-1]))
        return found

    def mean(self) -> Array:
        """Return the means of s at each time, of what has not reached the level."""
        masses = np.diff(self.values, axis=1)
        means: Array = masses @ (self.s[:-1] + self.s[1:]) / 2 / masses.sum(axis=1)
        return means


def mode_law(
    mode: DeepLinearMode,
    start: Any,
    times: Any,
    *,
    level: Any = None,
    tolerance: Any = "1/1000",
    progress: bool = False,
) -> ModeLaw:
    """Return the law of a mode's strength at some times, and of its first passage of a level.

    Parameters
    ----------
    mode : DeepLinearMode
        With finite batches.
    start : number > 0
    times : sequence of numbers
        In units of learning rate times steps, rising.
    level : number, optional
        Above the start: modes that reach it are counted, and leave.
    tolerance : number
        Grid and steps are halved until probabilities change by less; at most five times, so look at
        the error of what is returned.
    progress : bool
        Show how many steps were taken.

    Raises
    ------
    InputError
        For arguments out of their range.

    Examples
    --------
    >>> mode = DeepLinearMode(3, 1, learning_rate=0.02, batch_size=1, label_variance=3)
    >>> law = mode_law(mode, 0.001, [6, 9, 40], level=0.5)
    >>> law.passed.round(2), law.error < 1e-3
    (array([0.  , 0.39, 1.  ]), True)
    """
    mode = require_mode(mode)
    first, moments = bounded_float(start, "start", LARGEST), read_rising(times)
    if not mode.noisy:
        raise InputError(f"mode must have noise, and finite batches, got {mode}")
    last = None if level is None else bounded_float(level, "level", LARGEST)
    free = mode.label_variance > 0 or not mode.target
    if not free and abs(math.log(first / mode.target)) < 100 * _LEAST_GAP:
        raise InputError(f"start must not be the target without label noise, got {shown(start)}")
    if last is not None and not (first < last and (free or not first < mode.target <= last)):
        most = "" if free else f" and below the target, {mode.target:g}"
        raise InputError(f"level must be above start, {first:g}{most}, got {shown(level)}")
    enough = float(positive(tolerance, "tolerance"))
    fine = _grid(mode, math.log(first), None if last is None else math.log(last), moments)
    with shown_progress("steps of the law", None, progress) as advance:
        ends = (first, last, moments)
        better = _evolved(mode, fine, *ends, moments[-1] / _STEPS, advance)
        for halvings in range(1, _HALVINGS + 1):
            grid, coarse = fine, better
            fine = np.empty(2 * len(grid) - 1)
            fine[::2], fine[1::2] = grid, (grid[:-1] + grid[1:]) / 2
            better = _evolved(mode, fine, *ends, moments[-1] / _STEPS / 2**halvings, advance)
            change = better[:, [*range(0, len(fine), 2), -1]] - coarse
            if np.abs(change).max() < enough:
                break
    values = coarse + 4 / 3 * change
    return ModeLaw(np.exp(grid), values[:, :-1], values[:, -1], float(np.abs(change).max()))


def _grid(mode: DeepLinearMode, first: float, last: float | None, times: Array) -> Array:
    """Return log s at nodes: half of them even, half where drift is strong against diffusion."""
    low, high = _ends(mode, first, last, float(times[-1]))
    even = np.linspace(low, high, 20_001)
    if mode.target and not mode.label_variance:  # finer towards the target, where noise ends
        peak = math.log(mode.target)
        far = low if first < peak else high
        near = peak + math.copysign(1, far - peak) * np.geomspace(
            _LEAST_GAP, abs(far - peak), 20_001
        )
        even = np.union1d(even, near.clip(low, high))
    strength = np.abs(potential_slope(mode, (even[:-1] + even[1:]) / 2)) * np.diff(even)
    share = np.append(0, strength.cumsum() / strength.sum()) + (even - low) / (high - low)
    middle = np.interp(first, even, share)
    left = max(2, round(_CELLS * middle / 2))
    places = [
        np.linspace(0, middle, left + 1),
        np.linspace(middle, 2, max(2, _CELLS - left) + 1)[1:],
    ]
    grid = np.interp(np.concatenate(places), share, even)
    grid[left] = first
    return grid


def _ends(
    mode: DeepLinearMode, first: float, last: float | None, time: float
) -> tuple[float, float]:
    """Return log s between which all but a negligible part of the law is."""
    peak = math.log(mode.target) if mode.target else -math.inf
    held = bool(mode.target) and not mode.label_variance  # on its side of the target
    if held and first > peak:
        low = peak + _LEAST_GAP
    else:
        low = _lower_end(mode, min(first, peak) if mode.target else first, time)
        low = _reach(mode, first, low, time)
    if last is not None:
        return low, last
    if held and first < peak:
        return low, _reach(mode, first, peak - _LEAST_GAP, time)
    scan = np.linspace(max(first, peak), max(first, peak) + 12, 4001)[1:]
    high = _where_far(scan, -potential_slope(mode, scan).cumsum() * (scan[1] - scan[0]))
    return low, _reach(mode, first, high, time)


def _lower_end(mode: DeepLinearMode, anchor: float, time: float) -> float:
    """Return log s below which noise, or what is left of it against the drift, does not lead."""
    # below the start the noise is at most this, constant in the flat coordinate
    noise = mode.learning_rate * float(mode.gradient_variance([0.0, math.exp(anchor)]).max())
    order = 1 - 2 / mode.depth
    pull = (mode.depth - 1) / 2 * math.exp(order * anchor) * noise * time
    spread = 9 * math.sqrt(noise * time) + pull
    if mode.depth == 2:
        low = anchor - 2 * spread
    else:
        low = -math.log(math.exp(-order * anchor) + (mode.depth - 2) * spread) / order
    low = max(min(low, anchor - 0.1), -650.0)
    if not mode.target:
        return low
    scan = np.linspace(anchor, low, 2001)[1:]
    return _where_far(scan, potential_slope(mode, scan).cumsum() * (scan[0] - scan[1]))


def _reach(mode: DeepLinearMode, first: float, end: float, time: float) -> float:
    """Return how far towards an end the law comes in a time, by the largest noise and drift."""
    scan = first + (end - first) * np.geomspace(1e-9, 1, 2001)
    noise, drift = (
        np.maximum.accumulate(np.abs(part(np.exp(scan), "log")))
        for part in (mode.diffusion, mode.drift)
    )
    far = np.abs(scan - first) >= 9 * math.sqrt(time) * noise + time * drift
    return float(scan[far.argmax()]) if far.any() else end


def _where_far(scan: Array, down: Array) -> float:
    """Return where the way down is first too long, or the last place."""
    far = np.flatnonzero(down > _FAR)
    return float(scan[far[0] if far.size else -1])


def _evolved(
    mode: DeepLinearMode,
    grid: Array,
    first: float,
    last: float | None,
    times: Array,
    pace: float,
    advance: Any,
) -> Array:
    """Return probabilities below nodes at each time, shape (times, nodes), and of having passed."""
    from scipy.linalg.lapack import dgttrf, dgttrs

    gaps = np.diff(grid)
    widths = np.concatenate([[gaps[0]], gaps[:-1] + gaps[1:], [gaps[-1]]]) / 2
    squared = mode.diffusion(np.exp(grid), "log") ** 2
    step = gaps * potential_slope(mode, (grid[:-1] + grid[1:]) / 2)
    up = _bernoulli(-step) * squared[:-1] / (2 * gaps * widths[:-1])
    down = _bernoulli(step) * squared[1:] / (2 * gaps * widths[1:])
    if last is not None:
        down[-1] = 0  # what reaches the level stays there
    leave = np.append(up, 0) + np.append(0, down)
    p = np.zeros(len(grid))
    p[np.searchsorted(grid, math.log(first) - 1e-13)] = 1
    left, right = np.append(0, gaps), np.append(gaps, 0)
    half = left / (left + right)  # the part of a cell below its node
    if last is not None:
        half[-1] = 0

    rows, time = [], 0.0
    for end in times:
        count = max(4, math.ceil((end - time) / pace))
        h = (end - time) / count
        factors = dgttrf(-_GAMMA * h * up, 1 + _GAMMA * h * leave, -_GAMMA * h * down)[:5]
        for _ in range(count):
            middle = dgttrs(*factors, p)[0]
            p = dgttrs(*factors, p + (1 - _GAMMA) / _GAMMA * (middle - p))[0]
        advance(count)
        time = end
        below = p.cumsum() - p + half * p
        rows.append(np.append(below, p[-1] if last is not None else 0))
    return np.array(rows)


def _bernoulli(x: Array) -> Array:
    """Return x / (e^x - 1)."""
    with np.errstate(all="ignore"):
        value: Array = np.where(np.abs(x) < 1e-12, 1 - x / 2, x / np.expm1(x))
    finite: Array = np.nan_to_num(value)
    return finite
