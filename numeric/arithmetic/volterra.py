r"""Volterra equations of convolution type, n_t = f_t + sum_(s<t) U_(t-s) n_s, by FFT.

Each entry is accurate relative to itself, although a power law falls by many orders of magnitude
and the FFT's error is relative to the largest entry that it sees: entries are combined in blocks
whose sizes double with their distance and with their age. Sequences that grow or fall exponentially
are beyond that; up to some length they are summed one by one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

_DIRECT = 64  # steps that are done one by one
_LONGEST_DIRECT = 30_000  # entries
_STEEP = 2.0**-12  # fall over the second half, faster than powers of t that occur


def solve_volterra(kernel: Array, forcing: Array) -> Array:
    """Return n with ``n[t] = forcing[t] + sum(kernel[t - s] * n[s] for s < t)``.

    Parameters
    ----------
    kernel, forcing : ndarray, shape (T,)
        ``kernel[0]`` is not used.

    Examples
    --------
    >>> solve_volterra(np.array([0, 0.5, 0, 0]), np.array([1.0, 0, 0, 0]))
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    add_up = _one_by_one if _is_exponential(kernel, forcing) else _accumulate
    return add_up(kernel, forcing, solving=True)


def causal_convolution(kernel: Array, values: Array) -> Array:
    """Return ``sum(kernel[t - s] * values[s] for s < t)`` for every t.

    Examples
    --------
    >>> causal_convolution(np.array([0, 1.0, 2.0]), np.array([3.0, 4.0, 5.0]))
    array([ 0.,  3., 10.])
    """
    add_up = _one_by_one if _is_exponential(kernel, values) else _accumulate
    return add_up(kernel, values, solving=False)


def _is_exponential(kernel: Array, given: Array) -> bool:
    """Whether entries change too much for an FFT, in a sequence that is not too long."""
    if given.size > _LONGEST_DIRECT:
        return False
    sizes = np.abs(given)
    early, late = sizes[given.size // 2], sizes[-1]
    turning = not np.isfinite(sizes).all() or late > 2 * early or late < _STEEP * early
    return bool(turning or kernel[1:].sum() >= 1)


@np.errstate(over="ignore", invalid="ignore")
def _one_by_one(kernel: Array, given: Array, solving: bool) -> Array:
    values, sums = given.copy(), np.zeros_like(given)
    for t in range(1, given.size):
        sums[t] = kernel[1 : t + 1] @ values[t - 1 :: -1]
        if solving:
            values[t] += sums[t]
    return _infinite_from_overflow(values if solving else sums)


def _infinite_from_overflow(values: Array) -> Array:
    bad = ~np.isfinite(values)
    if bad.any():
        values[bad.argmax() :] = np.inf
    return values


@np.errstate(over="ignore", invalid="ignore")  # what overflows becomes infinite at the end
def _accumulate(kernel: Array, given: Array, solving: bool) -> Array:
    """Add up sums block after block: a block is complete when all earlier ones were added."""
    size = _finite(kernel, given)
    values, sums = given.copy(), np.zeros_like(given)
    transforms = _Transforms(kernel)
    kernel = np.append(0.0, kernel[1:])
    inside = _lower_triangle(_resolvent(kernel[:_DIRECT]) if solving else kernel[:_DIRECT])
    for first in range(0, size, _DIRECT):
        last = min(first + _DIRECT, size)
        block = inside[: last - first, : last - first]
        if solving:
            values[first:last] = block @ (given[first:last] + sums[first:last])
        else:
            sums[first:last] += block @ values[first:last]
        if last == size:
            break
        # entries s < t meet once: at the boundary between them whose number has the most factors 2
        number = last // _DIRECT
        length = _DIRECT * (number & -number)
        until = min(last + length, size)
        if length < last:
            passed_on = transforms.stretch(values[last - length : last], length, length)
        else:
            passed_on = _oldest(transforms, values[:last])
        sums[last:until] += passed_on[: until - last]
    found = values if solving else sums
    found[size:] = np.inf
    return _infinite_from_overflow(found)


def _finite(kernel: Array, given: Array) -> int:
    """Return how many entries come before the first infinite one."""
    bad = ~(np.isfinite(kernel) & np.isfinite(given))
    return int(bad.argmax()) if bad.any() else given.size


def _resolvent(kernel: Array) -> Array:
    """Return the solution for the forcing 1, 0, 0, ..."""
    found = np.zeros(kernel.size)
    found[0] = 1.0
    for t in range(1, kernel.size):
        found[t] = kernel[1 : t + 1] @ found[:t][::-1]
    return found


def _lower_triangle(kernel: Array) -> Array:
    """Return the matrix of a block: kernel[0] on the diagonal, kernel[1] below it, and so on."""
    places = np.subtract.outer(np.arange(kernel.size), np.arange(kernel.size))
    return np.where(places >= 0, kernel[np.maximum(places, 0)], 0.0)


def _oldest(transforms: _Transforms, values: Array) -> Array:
    """Return what the first block passes on: it falls steeply, so it is cut in turn."""
    block = values.size
    found = np.zeros(block)
    piece = block // 2
    end = block
    while end > 0:
        begin = piece if piece >= _DIRECT // 2 else 0
        part = values[begin:end]
        found += transforms.stretch(part, block - begin, block)
        end, piece = begin, piece // 2
    return found


class _Transforms:
    """Products with pieces of a kernel, whose transforms are kept."""

    def __init__(self, kernel: Array) -> None:
        self.kernel = kernel
        self.transform = cache(self._transform)

    def stretch(self, values: Array, distance: int, outputs: int) -> Array:
        """Return what entries pass on to those that begin at a distance from the first of them."""
        from scipy.fft import irfft, next_fast_len, rfft

        # entry j of the result is sum_i kernel[distance + j - i] values[i]
        low = distance - values.size + 1
        length = next_fast_len(values.size + outputs - 1, real=True)
        whole = irfft(
            rfft(values, length) * self.transform(low, values.size + outputs - 1, length), length
        )
        found: Any = whole[values.size - 1 : values.size - 1 + outputs]
        return found  # type: ignore[no-any-return]

    def _transform(self, low: int, count: int, length: int) -> Array:
        from scipy.fft import rfft

        piece = np.zeros(count)
        known = self.kernel[low : low + count]
        piece[: known.size] = known
        return rfft(piece, length)  # type: ignore[no-any-return]
