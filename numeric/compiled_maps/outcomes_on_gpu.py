"""Verdicts that stay on a GPU, and what is asked of them there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.cuda import empty_on_device, flat_kernel, to_device, to_host
from sgdmem.numeric.compiled_maps.points import Outcomes

KERNELS = """\
from numba import cuda


def tally(members, stable, counts):
    undecided, unstable = 0, 0
    for p in range(cuda.grid(1), members, cuda.gridsize(1)):
        undecided += stable[p] == -1
        unstable += stable[p] == 0
    cuda.atomic.add(counts, 0, undecided)
    cuda.atomic.add(counts, 1, unstable)


def find(members, stable, noise_sum, places, many):
    for p in range(cuda.grid(1), members, cuda.gridsize(1)):
        blurred = noise_sum.size > 0 and noise_sum[p] != noise_sum[p]
        if stable[p] == -1 or blurred:
            place = cuda.atomic.add(many, 0, 1)
            if places.size > 0:
                places[place] = p


def forget(members, places, stable):
    for k in range(cuda.grid(1), members, cuda.gridsize(1)):
        stable[places[k]] = -1


def put(members, places, some, some_sums, some_margins, stable, noise_sum, margin):
    for k in range(cuda.grid(1), members, cuda.gridsize(1)):
        p = places[k]
        if some[k] == -1 and stable[p] != -1:
            continue
        stable[p] = some[k]
        if noise_sum.size > 0:
            noise_sum[p] = some_sums[k]
        if margin.size > 0:
            margin[p] = some_margins[k]


def measure(members, stable, flag, weights, sizes, strides, total):
    found = 0.0
    for p in range(cuda.grid(1), members, cuda.gridsize(1)):
        if stable[p] == flag:
            part = 1.0
            for k in range(sizes.size):
                part *= weights[k, (p // strides[k]) % sizes[k]]
            found += part
    cuda.atomic.add(total, 0, found)
"""


@dataclass(frozen=True)
class OutcomesOnGpu:
    """Verdicts on many algorithms in the memory of a GPU.

    Attributes
    ----------
    stable, noise_sum, margin
        Arrays of the GPU, shape (A,), as in `Outcomes`; the floats are empty if not asked for.
    """

    stable: Any
    noise_sum: Any
    margin: Any

    @classmethod
    def empty(cls, size: int, sums: bool = True) -> OutcomesOnGpu:
        """Return room for outcomes, with or without noise sums and margins."""
        floats = (empty_on_device((size if sums else 0,)) for _ in range(2))
        return cls(empty_on_device((size,), np.int8), *floats)

    def __len__(self) -> int:
        return int(self.stable.size)

    @property
    def results(self) -> tuple[Any, ...]:
        """What machine code fills in, see `Outcomes.results`."""
        sums = int(self.noise_sum.size > 0) + int(self.margin.size > 0)
        summed = empty_on_device((0,), np.int8)
        return sums, self.stable, summed, self.noise_sum, self.margin

    def part(self, piece: slice) -> list[Any]:
        """Return the arrays of a piece, to be filled."""
        _, *wholes = self.results
        return [whole[piece] if whole.size else whole for whole in wholes]

    def forget(self, places: Array) -> None:
        """As of `Outcomes`."""
        _kernel("forget")(places.size, to_device(places.astype(np.int64)), self.stable)

    def put(self, places: Array, some: Outcomes) -> None:
        """As of `Outcomes`."""
        given = (places.astype(np.int64), some.stable, some.noise_sum, some.margin)
        wholes = self.stable, self.noise_sum, self.margin
        _kernel("put")(places.size, *map(to_device, given), *wholes)

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many are undecided, not stable, and stable."""
        told = to_device(np.zeros(2, np.int64))
        _kernel("tally")(len(self), self.stable, told)
        undecided, unstable = to_host(told).tolist()
        return undecided, unstable, len(self) - undecided - unstable

    @property
    def unsettled(self) -> Array:
        """As of `Outcomes`, on this side."""
        found = np.empty(0, dtype=np.int64)
        for _ in range(2):  # they are counted, then told
            places, many = empty_on_device(found.shape, np.int64), to_device(np.zeros(1, np.int32))
            _kernel("find")(len(self), self.stable, self.noise_sum, places, many)
            if not to_host(many)[0]:
                break
            found = to_host(places) if found.size else np.empty(int(to_host(many)[0]), np.int64)
        return np.sort(found)

    def measure(self, flag: int, weights: Array, sizes: Array, strides: Array) -> float:
        """Return the sum of weights of points with a verdict: a product of one for each axis.

        ``weights``, shape (K, longest), are those of the values of each axis, sizes and strides
        those of `OwnAxes`.
        """
        total = to_device(np.zeros(1))
        axes = map(to_device, (weights, sizes, strides))
        _kernel("measure")(len(self), self.stable, flag, *axes, total)
        return float(to_host(total)[0])


def _kernel(name: str) -> Any:
    return flat_kernel(KERNELS, name)
