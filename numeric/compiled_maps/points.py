"""The points of a map, and the verdicts on them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.threads import pieces

_PART = 2**15  # points that are looked at in one go, in fast memory


@dataclass(frozen=True)
class AnyPoints(ABC):
    """Points of a plane of parameters.

    Attributes
    ----------
    axes : mapping from names to values
        Fractions; a batch size may be inf.
    own : sequence of str
        The axes that are parameters of the family; the others are ``batch_size``, ``tau1`` and
        ``tau2`` of the problem.
    """

    axes: Mapping[str, Sequence[Any]]
    own: Sequence[str]

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    def of_problem(self) -> list[str]:
        """The axes that are parameters of the problem."""
        return [name for name in self.axes if name not in self.own]

    def noise_key(self, point: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values of the problem's axes at a point."""
        return tuple(point[name] for name in self.of_problem)

    @abstractmethod
    def noise_keys(self) -> list[tuple[Any, ...]]:
        """Return all keys of noise, in the order in which points go through them."""

    @property
    def noise_indices(self) -> Array:
        """For every point, which of `noise_keys` it has."""
        found, step = np.zeros(len(self), dtype=int), 1
        for name in reversed(self.of_problem):
            found += step * self.indices(name)
            step *= len(self.axes[name])
        return found

    @abstractmethod
    def at(self, place: int) -> dict[str, Any]:
        """Return the values of all axes at a point."""

    @abstractmethod
    def stride(self, name: str) -> int:
        """Return for how many points in a row an axis keeps its value."""

    @abstractmethod
    def indices(self, name: str) -> Array:
        """Return, for every point, which value of an axis it has."""

    def along(self, name: str, values: Array) -> Array:
        """Return, for every point, what belongs to its value of an axis."""
        return np.asarray(values[self.indices(name)])


class Points(AnyPoints):
    """The points of a map: all combinations of the values of its axes, the last one fastest."""

    def __len__(self) -> int:
        return math.prod(map(len, self.axes.values()))

    def noise_keys(self) -> list[tuple[Any, ...]]:
        """Return all combinations of the values of the problem's axes, the last running fastest."""
        return list(product(*(self.axes[name] for name in self.of_problem)))

    def at(self, place: int) -> dict[str, Any]:
        """Return the values of all axes at a point."""
        found = {}
        for name, values in reversed(list(self.axes.items())):
            place, index = divmod(place, len(values))
            found[name] = values[index]
        return found

    def stride(self, name: str) -> int:
        """Return for how many points in a row an axis keeps its value."""
        names = list(self.axes)
        return math.prod(len(self.axes[x]) for x in names[names.index(name) + 1 :])

    def indices(self, name: str) -> Array:
        """Return, for every point, which value of an axis it has."""
        shape = [len(values) for values in self.axes.values()]
        axis = list(self.axes).index(name)
        return np.unravel_index(np.arange(len(self)), shape)[axis]

    def along(self, name: str, values: Array) -> Array:
        """Return, for every point, what belongs to its value of an axis."""
        each, size = self.stride(name), len(values)  # indices of millions of points are slow
        blocks = (len(self) // (size * each), size, each)
        return np.broadcast_to(values[:, None], blocks).reshape(-1)


class ScatteredPoints(AnyPoints):
    """Any points: each axis has a value for every one of them."""

    def __len__(self) -> int:
        return len(next(iter(self.axes.values())))

    def noise_keys(self) -> list[tuple[Any, ...]]:
        """Return the values of the problem's axes at every point, a single () if there are none."""
        values = (self.axes[name] for name in self.of_problem)
        return list(zip(*values, strict=True)) if self.of_problem else [()]

    @property
    def noise_indices(self) -> Array:
        """For every point, which of `noise_keys` it has."""
        return np.arange(len(self)) * bool(self.of_problem)

    def at(self, place: int) -> dict[str, Any]:
        """Return the values of both axes at a point."""
        return {name: values[place] for name, values in self.axes.items()}

    def stride(self, name: str) -> int:
        """Return for how many points in a row an axis keeps its value."""
        return 1

    def indices(self, name: str) -> Array:
        """Return, for every point, which value of an axis it has."""
        return np.arange(len(self))


@dataclass(frozen=True)
class Outcomes:
    """Verdicts on many algorithms at once; arrays of shape (A,).

    Attributes
    ----------
    stable : ndarray of int8
        1 stable, 0 not, -1 undecided.
    noise_sum, margin : ndarray
        As in `phase_diagram`; empty where they are not asked for. NaN where bounds decide, and are
        not close.
    bounds : ndarray, shape (3, A), or None
        Of the noise sum, the lower and the upper one and an estimate between them, where it is not
        found closely: the noise of samples.
    on_boundary : ndarray of bool
        Which of those that are not stable lie on the boundary of stability, with noise or without,
        where exact arithmetic has decided.
    summed : ndarray of int8, or None
        1 where the noise sum is finite (or not told), -1 where it is infinite, if that is kept:
        noise sums may not be asked for, and are far longer.
    """

    stable: Array
    noise_sum: Array
    margin: Array
    on_boundary: Array
    bounds: Array | None = None
    summed: Array | None = None

    @classmethod
    def empty(
        cls,
        size: int,
        bounded: bool = False,
        sums: bool | Array = True,
        margins: bool = True,
    ) -> Outcomes:
        """Return an outcome with everything undecided, with or without noise sums and margins.

        What these are is not said: whoever judges a point fills them in, and pages that are new
        take less time from several threads. Noise sums may be given their array.
        """
        bounds = np.repeat([[0.0], [np.inf], [np.nan]], size, axis=1) if bounded else None
        undecided, unknown = np.full(size, -1, dtype=np.int8), np.zeros(size, dtype=bool)
        if isinstance(sums, bool):
            sums = np.empty(size if sums else 0)
        room = np.empty(size if margins and sums.size else 0)
        return cls(undecided, sums, room, unknown, bounds, np.empty_like(undecided))

    def __len__(self) -> int:
        return int(self.stable.size)

    @property
    def unsettled(self) -> Array:
        """The places of what is undecided, or decided without its noise sum, in order."""
        return self.unsettled_in(pieces(0, len(self), _PART))

    def unsettled_in(self, parts: Iterable[slice]) -> Array:
        """Return those of `unsettled` that are in some parts of all points, themselves in order."""
        found = [np.flatnonzero(self.is_unsettled(part)) + part.start for part in parts]
        return np.concatenate([np.empty(0, dtype=np.int64), *found])

    def is_unsettled(self, places: slice | Array) -> Array:
        """Return which of some places belong to `unsettled`."""
        found: Array = self.stable[places] == -1
        if self.noise_sum.size:
            found |= np.isnan(self.noise_sum[places])
        return found

    def at(self, which: Array) -> Outcomes:
        """Return those that are chosen."""
        return Outcomes(
            self.stable[which],
            self.noise_sum[which] if self.noise_sum.size else self.noise_sum,
            self.margin[which] if self.margin.size else self.margin,
            self.on_boundary[which],
            None if self.bounds is None else self.bounds[:, which],
            None if self.summed is None else self.summed[which],
        )

    @property
    def is_summed(self) -> Array:
        """Where the noise sum is not infinite."""
        return ~np.isinf(self.noise_sum) if self.summed is None else self.summed == 1

    @property
    def results(self) -> tuple[int, Array, Array, Array, Array]:
        """What machine code fills in, after how much: 1 with noise sums, 2 with margins, too."""
        assert self.summed is not None  # an empty outcome has it
        sums = int(self.noise_sum.size > 0) + int(self.margin.size > 0)
        return sums, self.stable, self.summed, self.noise_sum, self.margin

    def forget(self, places: Array) -> None:
        """Make some places undecided."""
        self.stable[places] = -1

    def put(self, places: Array, some: Outcomes) -> None:
        """Fill in the outcome at some places, but keep verdicts where there is none."""
        kept = (some.stable == -1) & (self.stable[places] != -1)
        if kept.any():
            places, some = places[~kept], some.at(~kept)
        self.stable[places], self.on_boundary[places] = some.stable, some.on_boundary
        if self.noise_sum.size:
            self.noise_sum[places] = some.noise_sum
        if self.margin.size:
            self.margin[places] = some.margin
        if self.summed is not None:
            self.summed[places] = np.where(some.is_summed, 1, -1)
        if self.bounds is not None and some.bounds is not None:
            self.bounds[:, places] = some.bounds
