"""Maps whose verdicts stay on a GPU, for more points than anyone looks at one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.cuda import chosen_device, to_host
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.outcomes_on_gpu import OutcomesOnGpu
from sgdmem.numeric.compiled_maps.points import Points
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.phase_diagrams.maps.axes import Axis, own_parameters, read_axes
from sgdmem.phase_diagrams.maps.quantities import SUMS, VERDICTS
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.zoo.families_by_name import find_family

_FLAGS = (-1, 0, 1)


class Counts(NamedTuple):
    """How many points of a map are what, or which share of its area."""

    undecided: Any
    unstable: Any
    stable: Any


@dataclass(frozen=True, repr=False)
class MapOnGpu:
    """A map in the memory of a GPU; made by `map_on_gpu`.

    Its arrays have ``__cuda_array_interface__``: CuPy, PyTorch and JAX use them as they are.

    Attributes
    ----------
    x, y : (str, ndarray)
        The names of the axes, and their values.
    """

    x: tuple[str, Array]
    y: tuple[str, Array]
    _found: OutcomesOnGpu

    def __repr__(self) -> str:
        axes = " by ".join(f"{values.size:,} of {name}" for name, values in (self.x, self.y))
        told = ", ".join(
            f"{n:,} {kind}" for kind, n in reversed(self.counts()._asdict().items()) if n
        )
        return f"<MapOnGpu, {axes}: {told}>"

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of values of y and of x."""
        return self.y[1].size, self.x[1].size

    @property
    def stable(self) -> Any:
        """Verdicts, shape (y, x), int8: 1 stable, 0 not, -1 undecided."""
        return self._found.stable.reshape(self.shape)

    @property
    def noise_sum(self) -> Any:
        """As in `sgdmem.phase_diagram`, shape (y, x); None if not asked for."""
        return self._told(self._found.noise_sum)

    @property
    def margin(self) -> Any:
        """As in `sgdmem.phase_diagram`, shape (y, x); None if not asked for."""
        return self._told(self._found.margin)

    def _told(self, floats: Any) -> Any:
        return floats.reshape(self.shape) if floats.size else None

    def counts(self) -> Counts:
        """Return how many points are undecided, unstable and stable."""
        return Counts(*self._found.counts)

    def areas(self) -> Counts:
        """Return which shares of the rectangle between the ends of the axes that is.

        Each point stands for what is nearer to it than to its neighbours along both axes.
        """
        widths = [_widths(values) for _, values in (self.y, self.x)]
        weights = np.zeros((2, max(self.shape)))
        for row, own in zip(weights, widths, strict=True):
            row[: own.size] = own
        axes = weights, np.array(self.shape), np.array([self.shape[1], 1])
        return Counts(*(self._found.measure(flag, *axes) for flag in _FLAGS))

    def verdicts(self) -> Array:
        """Return a copy of the verdicts on this side."""
        return np.asarray(to_host(self._found.stable).reshape(self.shape))


def map_on_gpu(
    family: FamilyLike,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    x: Axis,
    y: Axis,
    noise_sums: bool = False,
    **fixed: Any,
) -> MapOnGpu:
    """Judge a family over two of its parameters, and leave the verdicts on the GPU.

    They are those of `sgdmem.phase_diagram`, a byte a point: what machine code leaves open is
    judged by a processor, and put there.

    Parameters
    ----------
    family, problem, batch_size, x, y, **fixed
        As in `sgdmem.phase_diagram`; the problem is one for all points.
    noise_sums : bool
        Whether noise sums and margins are kept, too, 16 bytes a point.

    Raises
    ------
    InputError
        If there is no GPU, input is bad, or machine code does not know the family or the noise:
        samples, couplings, a tau2 for each mode.
    """
    constructor = find_family(family)
    axes = read_axes(x, y, None, {*VERDICTS, *SUMS})
    own = own_parameters(axes)
    build = constructor.varying(own, fixed)
    device = chosen_device("cuda")
    compiled = family_program(build, {name: axes[name] for name in own})
    judge = FamilyJudge(build, compiled, as_problem(problem), batch_size, device)
    found = judge.judge_on_gpu(Points(axes, own), noise_sums)
    second, first = ((name, _floats(values)) for name, values in axes.items())
    return MapOnGpu(first, second, found)


def _floats(values: Sequence[Any]) -> Array:
    return np.array([to_float(value) for value in values])


def _widths(values: Array) -> Array:
    """Return which share of an axis belongs to each of its values."""
    order = np.argsort(values)
    ordered, found = values[order], np.ones(values.size)
    if ordered[0] < ordered[-1] < math.inf:
        middles = (ordered[1:] + ordered[:-1]) / 2
        found[order] = np.diff(middles, prepend=ordered[0], append=ordered[-1])
    return np.asarray(found / found.sum())
