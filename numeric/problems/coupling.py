"""How the noise of one mode feeds the others: the coupling matrix T as its diagonal blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import as_array, precision, read_reals
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.arithmetic.perron import (
    QUICK,
    bounds_of_radii,
    perron_vector,
    strong_components,
)
from sgdmem.numeric.spectra.spectrum_values import MOST_EIGENVALUES
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.printing import number_text
from sgdmem.symbolic.errors import InputError, shown

LARGEST = Fraction(10**100)  # of an entry: products of a few stay in range as floats
_ROUNDINGS = 1024  # in means over many samples, as they come out of float arithmetic


@dataclass(frozen=True, eq=False)
class Block:
    """A diagonal block of T.

    Attributes
    ----------
    size : int
    entries : Ball
        One value in every place, or a square matrix.
    diagonal : tuple of Fraction
        The exact diagonal.
    rounding : float
        Of the entries, relative to their size; zero where they are exact.
    given : mapping of int to Fraction
        The exact values of entries that are no floats, by their places row by row.
    """

    size: int
    entries: Ball
    diagonal: tuple[Fraction, ...]
    rounding: float = 0.0
    given: Mapping[int, Fraction] = field(default_factory=dict, repr=False)

    def exact(self) -> list[list[Fraction]]:
        """Return the entries exactly, row by row."""
        if self.is_constant:
            return [[self.diagonal[0]] * self.size] * self.size
        floats = self.entries.mid.ravel().tolist()
        every = [self.given.get(i, Fraction(value)) for i, value in enumerate(floats)]
        every[:: self.size + 1] = self.diagonal
        return [every[i : i + self.size] for i in range(0, len(every), self.size)]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Block)
            and self.diagonal == other.diagonal
            and np.array_equal(self.entries.mid, other.entries.mid)
            and np.array_equal(self.entries.rad, other.entries.rad)
        )

    def __hash__(self) -> int:
        return hash(self.diagonal)

    @property
    def is_constant(self) -> bool:
        """Whether one value stands in every place."""
        return self.entries.mid.ndim == 0

    @cached_property
    def components(self) -> list[Array]:
        """The strongly connected sets of modes."""
        return strong_components(self._connected)

    @property
    def _connected(self) -> Array:
        return (self.entries.mid > 0) | (self.entries.rad > 0)

    def radius_bounds(self, shares: Ball, weights: Array) -> tuple[Array, Array]:
        """Bound the radius of ``diag(shares) T diag(weights)`` on this block, row by row."""
        if self.is_constant:
            total = (shares * weights).sum() * self.entries
            return np.maximum(total.lower, 0.0), total.upper
        return bounds_of_radii(shares[:, :, None] * self.entries * weights, self._connected)

    def radius(self, shares: Array, weights: Array, start: list[Array | None]) -> float:
        """Return that radius as a float; ``start`` keeps the vectors for the next call."""
        if self.is_constant:
            return float(self.entries.mid * (shares @ weights))
        # similar to diag(shares) T diag(weights), and closer to symmetric: the iteration is faster
        root = np.sqrt(shares * weights)
        matrix = root[:, None] * self.entries.mid * root
        found = 0.0
        for i, component in enumerate(self.components):
            value, start[i] = perron_vector(matrix[np.ix_(component, component)], start[i], QUICK)
            found = max(found, value)
        return found


def coupled_radius(shares: Ball, weights: Array, blocks: Iterable[Block]) -> tuple[Array, Array]:
    """Return lower and upper bounds of the radius of ``diag(shares) T diag(weights)``, shape (A,).

    Parameters
    ----------
    shares
        f_i / B, one nonnegative ball for each mode, shape (A, N).
    weights
        Multiplicities.
    blocks
        Diagonal blocks of T, in order.
    """
    lower, upper = np.zeros((2, len(shares.mid)))
    start = 0
    for block in blocks:
        piece = slice(start, start := start + block.size)
        low, high = block.radius_bounds(shares[:, piece], weights[piece])
        lower, upper = np.maximum(lower, low), np.maximum(upper, high)
    return lower, upper


class CoupledRadius:
    """The same radius as a quick float, for searches: each call starts from the last vectors."""

    def __init__(self, weights: Array, blocks: Iterable[Block]) -> None:
        self._weights = weights
        self._blocks = list(blocks)
        self._starts: list[list[Array | None]] = [
            [None] * (0 if block.is_constant else len(block.components)) for block in self._blocks
        ]

    def __call__(self, shares: Array) -> float:
        """Return the radius for one nonnegative number for each mode."""
        if not (np.isfinite(shares).all() and (shares >= 0).all()):
            return np.inf
        found, begin = 0.0, 0
        for block, start in zip(self._blocks, self._starts, strict=True):
            piece = slice(begin, begin := begin + block.size)
            found = max(found, block.radius(shares[piece], self._weights[piece], start))
        return found


# Reading -----------------------------------------------------------------------------------------


def read_blocks(coupling: Any) -> tuple[Block, ...]:
    """Return the diagonal blocks of a coupling: a matrix, matrices, or (size, value) pairs.

    Tuples of a size and a value are pairs; the rows of a matrix are lists.

    Raises
    ------
    InputError
        For anything but square matrices with entries from 0 to 1e100, or two pairs of size 1, which
        could be the rows of a matrix.
    """
    if hasattr(coupling, "tolist") and getattr(coupling, "ndim", 0) == 3:
        return tuple(map(_matrix_block, coupling))
    if hasattr(coupling, "tolist"):
        return (_matrix_block(coupling),)
    entries = list(coupling)
    if entries and all(isinstance(entry, tuple) and len(entry) == 2 for entry in entries):
        sizes = [entry[0] for entry in entries]
        whole = [isinstance(x, int | np.integer) and not isinstance(x, bool) for x in sizes]
        if all(whole) and all(size > 0 for size in sizes):
            if sizes == [1, 1]:
                raise InputError(
                    "coupling could be pairs (size, value) or a matrix: write its rows as lists"
                )
            return tuple(constant_block(int(size), value) for size, value in entries)
    if entries and all(is_list(entry) and not any(map(is_list, entry)) for entry in entries):
        return (_matrix_block(entries),)
    return tuple(map(_matrix_block, entries))


def constant_block(size: int, value: Any) -> Block:
    """Return a block with one value in every place."""
    exact = entry(value)
    return Block(size, Ball.exactly([exact])[0], (exact,) * min(size, MOST_EIGENVALUES))


def _matrix_block(value: Any) -> Block:
    array = as_array(value, "coupling")
    if array.dtype.kind == "U" or array.dtype.itemsize > 8:  # each entry as it is
        array = np.array([list(row) for row in value], dtype=object)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.size == 0:
        raise InputError(f"coupling blocks must be square matrices, got shape {array.shape}")
    if array.dtype.kind not in "iO":
        return _float_block(read_reals(array, "coupling"), _ROUNDINGS * precision(value))
    exact = [entry(value) for value in array.ravel().tolist()]
    ball = Ball.exactly(exact)
    mid, rad = ball.mid.reshape(array.shape), ball.rad.reshape(array.shape)
    given = {i: exact[i] for i in np.flatnonzero(rad).tolist()}
    return Block(len(array), Ball(mid, rad), (*exact[:: len(array) + 1],), given=given)


def _float_block(mid: Array, rounding: float) -> Block:
    mid[(mid < 0) & (mid >= -rounding * np.abs(mid).max())] = 0
    if not ((mid >= 0) & (mid <= float(LARGEST))).all():
        raise InputError("coupling must have entries from 0 to 1e100")
    return Block(len(mid), Ball(mid), tuple(map(Fraction, np.diag(mid).tolist())), rounding)


def entry(value: Any) -> Fraction:
    """Return one entry of a coupling exactly."""
    scalar = number(value, "coupling")
    if not 0 <= scalar <= LARGEST:
        raise InputError(f"coupling must have entries from 0 to 1e100, got {shown(value)}")
    return scalar


def settled(blocks: Any, tau2: Any) -> tuple[Block, ...]:
    """Return blocks whose diagonal is at least tau2, raised to it where it is less by rounding.

    Raises
    ------
    InputError
        If it is less by more, or these are no blocks.
    """
    if not (isinstance(blocks, tuple) and all(isinstance(block, Block) for block in blocks)):
        raise InputError(f"coupling must be read by Noise.coupled(T, tau2), got {shown(blocks)}")
    modes = sum(len(block.diagonal) for block in blocks)
    by_mode = isinstance(tau2, tuple)
    if by_mode and len(tau2) != modes:
        raise InputError(f"tau2 must have one entry for each of the {modes} modes of T")
    first = 0  # mode of the block
    found = []
    for block in blocks:
        raised = {}
        # one value in every place and one tau2: ten million modes are compared once
        same = block.is_constant and not by_mode
        for i, value in enumerate(block.diagonal[:1] if same else block.diagonal):
            least = tau2[first + i] if by_mode else tau2
            if value < least:
                if value < least - abs(least) * Fraction(block.rounding):
                    raise InputError(
                        f"coupling must be >= tau2 on its diagonal, but T[{first + i}, "
                        f"{first + i}] = {number_text(value)} < {number_text(least)}"
                    )
                raised[i] = least
        found.append(_with_diagonal(block, raised) if raised else block)
        first += len(block.diagonal)
    return tuple(found)


def _with_diagonal(block: Block, values: dict[int, Fraction]) -> Block:
    """Return a block of a matrix with other entries in some places of its diagonal."""
    places, exact = list(values), Ball.exactly(values.values())
    mid = block.entries.mid.copy()
    rad = np.broadcast_to(block.entries.rad, mid.shape).copy()
    mid[places, places], rad[places, places] = exact.mid, exact.rad
    diagonal = tuple(values.get(i, value) for i, value in enumerate(block.diagonal))
    return Block(block.size, Ball(mid, rad), diagonal, block.rounding, block.given)
