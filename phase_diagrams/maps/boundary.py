"""The boundary of stability over two parameters, as curves whose points are enclosed by proofs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.scales import Scale, require_scale, to_places, to_values
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.compiled_maps.crossings import WithEstimates
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.points import Points, ScatteredPoints
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.phase_diagrams.maps.axes import Range, own_parameters, read_range
from sgdmem.phase_diagrams.maps.binding_reasons import binding_reasons
from sgdmem.phase_diagrams.maps.curve import Curve
from sgdmem.phase_diagrams.maps.curves import Cusp, Tracer
from sgdmem.phase_diagrams.maps.dataset_description import describe, own_labels
from sgdmem.phase_diagrams.maps.labelled_arrays import LabelledArrays
from sgdmem.phase_diagrams.maps.varying_problem import VaryingProblem
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family

if TYPE_CHECKING:
    import xarray

_LEAST_TOLERANCE = 1e-13  # of an axis; floats end soon after
_MOST_RESOLUTION = 2000
_RESULTS = ("point", "cusp", "curve", "condition", "cusp_conditions")


@dataclass(frozen=True)
class _Window:
    """Two parameters, and the part of their plane that is looked at as the unit square."""

    names: tuple[str, str]
    low: Array
    high: Array
    scales: tuple[Scale, Scale]

    def parameters(self, shares: Array) -> Array:
        """Return the parameters at points of the unit square, shape (n, 2)."""
        columns = []
        for low, high, scale, share in zip(self.low, self.high, self.scales, shares.T, strict=True):
            first, last = to_places(np.array([low, high]), scale)
            columns.append(to_values(first + share * (last - first), scale))
        return np.stack(columns, axis=1)


def stability_boundary(
    family: FamilyLike,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    x: Range,
    y: Range,
    log: Sequence[str] = (),
    log1m: Sequence[str] = (),
    resolution: int = 100,
    tolerance: float = 1e-10,
    flatness: float = 1e-3,
    conditions: bool = True,
    progress: bool = False,
    **fixed: Any,
) -> xarray.Dataset:
    """Trace where a family's stability ends, over two of its parameters.

    A coarse map finds the curves, root finding encloses their points between a stable and an
    unstable algorithm, points are added where a curve bends, and where another condition begins to
    bind the cusp is closed in on. What the coarse map joins though no edge is there comes apart,
    and is followed on from there.

    Parameters
    ----------
    family : function or str
        See `sgdmem.phase_diagram`.
    problem, batch_size
        See `sgdmem.stability`.
    x, y : (name, low, high)
        The two parameters and their ranges; ``batch_size``, ``tau1`` and ``tau2`` may be parameters
        too, in place of what the problem says.
    log, log1m : sequence of str
        Parameters on a logarithmic scale, and those whose 1 - x is on one, such as momenta.
    resolution : int
        Points of the coarse map along each axis; smaller islands are not found.
    tolerance : float
        How close the two algorithms that enclose a point are, as a share of the axes.
    flatness : float
        How far a curve may leave the straight line between two of its points, likewise.
    conditions : bool
        Whether the conditions that bind, and the cusps, are looked for: half of the time or more.
    progress: bool
        Show on stderr how many algorithms have been judged.
    **fixed
        The family's other parameters.

    Returns
    -------
    xarray.Dataset
        Along ``point``: the two parameters; ``curve``, the number of the curve, along which points
        are in order; ``condition``, which binds there (`Reason`; empty without ``conditions``); and
        for each parameter ``NAME`` also ``stable_NAME`` and ``unstable_NAME``, of two algorithms
        proved to be stable and not to be. Along ``cusp``: ``cusp_NAME`` for both parameters and
        ``cusp_conditions``, the two that meet there. A piece between two others that is shorter
        than 1e-4 of the axes counts to the one before: where many conditions meet, the last digits
        would say which of them binds.

    Raises
    ------
    InputError
        As `sgdmem.phase_diagram`, and for a range, a resolution or a tolerance that makes no sense.

    Examples
    --------
    >>> from sgdmem import Spectrum
    >>> edge = stability_boundary(
    ...     "heavy-ball",
    ...     Spectrum([1]),
    ...     x=("learning_rate", 0.1, 5),
    ...     y=("momentum", 0, 0.9),
    ...     resolution=10,
    ... )
    >>> bool((abs(edge.learning_rate - 2 * (1 + edge.momentum)) < 1e-9).all())
    True
    >>> set(edge.condition.values.tolist())
    {'root_at_minus_1'}
    """
    return labelled_boundary(
        family,
        problem,
        batch_size,
        x=x,
        y=y,
        log=log,
        log1m=log1m,
        resolution=resolution,
        tolerance=tolerance,
        flatness=flatness,
        conditions=conditions,
        progress=progress,
        **fixed,
    ).to_dataset()


def labelled_boundary(
    family: FamilyLike,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    x: Range,
    y: Range,
    log: Sequence[str] = (),
    log1m: Sequence[str] = (),
    resolution: int = 100,
    tolerance: float = 1e-10,
    flatness: float = 1e-3,
    conditions: bool = True,
    progress: bool = False,
    **fixed: Any,
) -> LabelledArrays:
    """Trace where a family's stability ends, see `sgdmem.stability_boundary`."""
    window = _read_window(x, y, log, log1m)
    _check_accuracy(resolution, tolerance, flatness)
    constructor = find_family(family)
    own = own_parameters(window.names)
    build = constructor.varying(own, fixed)
    problem = as_problem(problem)

    def values(shares: Array) -> dict[str, list[Fraction]]:
        columns = window.parameters(shares).T.tolist()
        return {
            name: list(map(Fraction, column))
            for name, column in zip(window.names, columns, strict=True)
        }

    def judge(shares: Array) -> tuple[Array, Array]:
        points = ScatteredPoints(values(shares), own)
        found = family_judge.judge(points)
        advance(len(points))
        if found.bounds is None:
            return found.stable, found.margin
        estimated_margins = 1 - found.bounds[2]  # where bounds decide, and tell no more
        unknown = np.isnan(found.margin)
        return found.stable, np.where(unknown, estimated_margins, found.margin)

    def estimated(shares: Array) -> Array:
        return family_judge.estimated_margins(ScatteredPoints(values(shares), own))

    def label(shares: Array) -> list[str]:
        if not conditions or not len(shares):
            return [""] * len(shares)
        points = ScatteredPoints(values(shares), own)
        return [reason.value for reason in binding_reasons(family_judge, points)]

    ticks = np.linspace(0, 1, resolution)
    grid = values(np.stack([ticks, ticks], axis=1))
    compiled = family_program(build, {name: grid[name] for name in own})
    family_judge = FamilyJudge(build, compiled, problem, batch_size)
    x_name, y_name = window.names
    coarse = Points({y_name: grid[y_name], x_name: grid[x_name]}, own)
    judging = WithEstimates(judge, estimated) if family_judge.estimates_help else judge
    tracer = Tracer(judging, label, tolerance, flatness)
    with shown_progress("algorithms judged", None, progress) as advance:
        seen = family_judge.judge(coarse, advance)
        stable, margins = (x.reshape(resolution, resolution) for x in (seen.stable, seen.margin))
        curves, cusps = tracer.trace(stable == 1, margins)
    settings: dict[str, Any] = {"batch_size": batch_size, **fixed}
    settings = {
        **describe(build, VaryingProblem(problem), settings, grid),
        **own_labels(constructor),
        "logarithmic": ", ".join(log),
        "log1m": ", ".join(log1m),
        "tolerance": tolerance,
    }
    return _dataset(window, curves, cusps, settings)


def _read_window(x: Range, y: Range, log: Sequence[str], log1m: Sequence[str]) -> _Window:
    ranges = [read_range(label, given) for label, given in (("x", x), ("y", y))]
    names = ranges[0][0], ranges[1][0]
    if names[0] == names[1]:
        raise InputError(f"x and y must be different parameters, both are {names[0]!r}")
    for name in names:
        if name in _RESULTS:
            raise InputError(f"no parameter of a boundary can be called {name!r}: a result is")
    for option, some in (("log", log), ("log1m", log1m)):
        for name in some:
            if name not in names or (name in log and name in log1m):
                raise InputError(
                    f"{option} must name parameters among {', '.join(names)}, each once, "
                    f"got {shown(name)}"
                )
    scales: list[Scale] = []
    for name, low, high in ranges:
        scales.append("log" if name in log else "log1m" if name in log1m else "linear")
        require_scale(name, low, high, scales[-1])
    ends = np.array([limits for _, *limits in ranges])
    return _Window(names, ends[:, 0], ends[:, 1], (scales[0], scales[1]))


def _check_accuracy(resolution: int, tolerance: float, flatness: float) -> None:
    if not isinstance(resolution, int) or not 2 <= resolution <= _MOST_RESOLUTION:
        raise InputError(
            f"resolution must be from 2 to {_MOST_RESOLUTION}, got {shown(resolution)}"
        )
    if not _LEAST_TOLERANCE <= tolerance < 1:
        raise InputError(f"tolerance must be from {_LEAST_TOLERANCE} to 1, got {shown(tolerance)}")
    if not 0 < flatness < 1:
        raise InputError(f"flatness must be between 0 and 1, got {shown(flatness)}")


def _dataset(
    window: _Window, curves: list[Curve], cusps: list[Cusp], settings: dict[str, Any]
) -> LabelledArrays:
    numbers = np.repeat(np.arange(len(curves)), [len(curve.conditions) for curve in curves])
    conditions = [name for curve in curves for name in curve.conditions]
    found: dict[str, Any] = {}
    for prefix in ("", "stable_", "unstable_"):
        kind = prefix.rstrip("_") or "points"
        shares = [getattr(curve.enclosed, kind) for curve in curves]
        values = window.parameters(np.concatenate([np.empty((0, 2)), *shares]))
        for place, name in enumerate(window.names):
            attributes = {"low": float(window.low[place]), "high": float(window.high[place])}
            found[prefix + name] = ("point", values[:, place], attributes)
    found["curve"] = ("point", numbers)
    found["condition"] = ("point", np.array(conditions, dtype=str))
    corners = window.parameters(np.array([cusp.point for cusp in cusps]).reshape(-1, 2))
    for name, column in zip(window.names, corners.T, strict=True):
        found[f"cusp_{name}"] = ("cusp", column)
    pairs = [" and ".join(cusp.conditions) for cusp in cusps]
    found["cusp_conditions"] = ("cusp", np.array(pairs, dtype=str))
    x, y = window.names
    return LabelledArrays.of(found, {**settings, "x": x, "y": y})
