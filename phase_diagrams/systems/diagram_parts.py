"""What the named diagrams consist of: their maps, boundaries and lines of theory.

Every line is derived: boundaries are traced by `stability_boundary`, those of theory come from the
conditions and ranges of `sgdmem.symbolic`, or from verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import positive
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.numeric.problems.problem import (
    USUAL_EXPONENT,
    Problem,
    as_problem,
    require_no_weight_decay,
)
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.maps.axes import range_of, spread
from sgdmem.phase_diagrams.maps.boundary import stability_boundary
from sgdmem.phase_diagrams.maps.diagram import phase_diagram
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.phase_diagrams.maps.labelled_diagram import labelled_diagram
from sgdmem.phase_diagrams.pictures.palette import BLUE
from sgdmem.phase_diagrams.systems.memory_one import (
    range_end_latex,
    range_ends,
    upper_line,
    zone_lines,
)
from sgdmem.phase_diagrams.systems.named_diagram_data import to_dataset
from sgdmem.phase_diagrams.systems.named_diagram_picture import NamedDiagram, TheoryLine
from sgdmem.phase_diagrams.systems.self_describing import self_describing
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family

_SIZES = (1, 8, 64, math.inf)
_SMALL = 1e-6  # learning rate over the largest one, where only the trace counts

Range = tuple[float, float]


@self_describing
def learning_rate_momentum_data(
    problem: Any = None,
    family: FamilyLike = "heavy-ball",
    *,
    batch_sizes: Sequence[Any] = _SIZES,
    learning_rate: Range = (0.02, 10.0),
    momentum: Range = (0.0, 0.99),
    log1m: bool = False,
    points: int = 200,
    resolution: int = 80,
    **fixed: Any,
) -> Labelled:
    """Where a family with momentum is stable, for several batch sizes."""
    given = read_problem(problem)
    x, y = range_of("learning_rate", learning_rate), range_of("momentum", momentum)
    scales = {"log": ["learning_rate"], "log1m": ["momentum"] if log1m else []}
    found = _over_batch_sizes(family, given, x, y, scales, batch_sizes, points, resolution, fixed)
    return to_dataset(found)


@self_describing
def damping_effective_rate_data(
    problem: Any = None,
    *,
    q0: Any = 0.5,
    batch_sizes: Sequence[Any] = _SIZES,
    damping: Range = (0.002, 2.0),
    effective_learning_rate: Range = (0.1, 1e4),
    points: int = 200,
    resolution: int = 80,
) -> Labelled:
    """Memory 1 in the plane of Theorem 6, with its lines and zones."""
    problem = read_problem(problem)
    q0 = positive(q0, "q0")
    axes = "damping", "effective_learning_rate"
    x, y = range_of(axes[0], damping), range_of(axes[1], effective_learning_rate)
    found = _over_batch_sizes(
        *("memory-one", problem, x, y, {"log": list(axes)}),
        *(batch_sizes, points, resolution, {"q0": q0}),
    )
    largest = problem.spectrum.largest
    δ, α = (found.map[name].values for name in axes)
    first, second, _ = (end(δ[None, :], α[:, None]) for end in range_ends(q0))
    sizes = found.map.batch_size.values
    finite = np.flatnonzero(np.isfinite(sizes))
    accelerated = None
    if finite.size:
        shown = found.map.isel({"batch_size": finite[-1]})
        sgd = largest_learning_rate("sgd", problem, sizes[finite[-1]])
        ordered = (first < second) & (second < largest)
        accelerated = ordered & (shown.stable.values == 1) & (α[:, None] > float(sgd))
    dense = np.geomspace(*x[1:], 400)
    at, rate = zone_lines(largest, q0)
    names = [rf"$\lambda_{{\max}} = {range_end_latex(place)}$" for place in (0, 1)]
    theory = {
        "Theorem 6": TheoryLine(dense, upper_line(largest, q0)(dense)),
        names[0]: TheoryLine(np.full(2, at), np.array(y[1:]), BLUE),
        names[1]: TheoryLine(dense, rate(dense), BLUE),
    }
    zones = {
        "zone I": (largest < first) & (first < second),
        "zones I, II": (first <= largest) & (largest < second),
        "zones I, II, III": (first < second) & (second <= largest),
    }
    zones = {name: np.broadcast_to(mask, second.shape) for name, mask in zones.items()}
    return to_dataset(NamedDiagram(found.map, found.boundaries, theory, accelerated, zones))


@self_describing
def batch_size_learning_rate_data(
    problem: Any = None,
    family: FamilyLike = "heavy-ball",
    *,
    learning_rate: Range = (0.02, 10.0),
    batch_size: Range = (1.0, 1e4),
    points: int = 200,
    resolution: int = 80,
    **fixed: Any,
) -> Labelled:
    """The two edges of stability of a family."""
    problem = read_problem(problem)
    if family == "heavy-ball":
        fixed = {"momentum": "0.9", **fixed}
    x, y = range_of("learning_rate", learning_rate), range_of("batch_size", batch_size)
    logs = ["learning_rate", "batch_size"]
    found = phase_diagram(
        family, problem, x=spread(x, points, logs), y=spread(y, points, logs), **fixed
    )
    edge = stability_boundary(family, problem, x=x, y=y, log=logs, resolution=resolution, **fixed)
    largest = float(largest_learning_rate(family, problem, **fixed))
    theory = {}
    if 0 < largest < math.inf:
        label = rf"$\alpha = {largest:.4g}$ ($\lambda_{{\max}}$)"
        theory[label] = TheoryLine(np.full(2, largest), np.array(y[1:]))
        # batch sizes grow in proportion to small learning rates
        rate = _SMALL * largest
        method = find_family(family).varying(["learning_rate"], fixed)(learning_rate=rate)
        slope = stability(method, problem, 1).critical_batch_size / rate
        if 0 < slope < math.inf:
            label = rf"$\alpha = {1 / slope:.3g}\,B$ ($\Sigma\lambda$)"
            rates = np.geomspace(*x[1:], 200)
            theory[label] = TheoryLine(rates, slope * rates, BLUE)
    return to_dataset(NamedDiagram(found, {"boundary": edge}, theory))


@self_describing
def regimes_data(
    problem: Any = None,
    family: FamilyLike = "sgd",
    *,
    batch_size: Any = 16,
    inverse_nu: Range = (0.01, 2.5),
    zeta: Range = (0.01, 2.5),
    points: int = 200,
    **fixed: Any,
) -> Labelled:
    """Which of signal and noise decides how the loss falls."""
    if problem is not None:
        raise InputError("problem is chosen by the diagram: regimes go over all power laws")
    if family == "sgd":
        fixed = {"learning_rate": "0.1", **fixed}
    found = labelled_diagram(
        family,
        lambda inverse_nu, zeta: Problem.power_law(1 / inverse_nu, zeta),
        batch_size,
        x=spread(range_of("inverse_nu", inverse_nu), points),
        y=spread(range_of("zeta", zeta), points),
        quantities=["regime", "loss_exponent"],
        **fixed,
    )
    return to_dataset(NamedDiagram(found, {}, quantity="regime"))


def read_problem(given: Any) -> Problem:
    """Return the problem of a diagram, the usual power law if none is given."""
    if given is None:
        return Problem.power_law(USUAL_EXPONENT)
    problem = as_problem(given)
    require_no_weight_decay(problem, "a diagram of the theory")
    return problem


def _over_batch_sizes(
    family: FamilyLike,
    problem: Problem,
    x: tuple[str, float, float],
    y: tuple[str, float, float],
    scales: dict[str, Any],
    batch_sizes: Sequence[Any],
    points: int,
    resolution: int,
    fixed: Mapping[str, Any],
) -> NamedDiagram:
    sizes = list(batch_sizes) if is_list(batch_sizes) else []
    if not sizes:
        raise InputError(f"batch_sizes must be a list of batch sizes, got {shown(batch_sizes)}")
    sizes = sorted(math.inf if is_infinite(b) else positive(b, "batch_sizes") for b in sizes)
    series = phase_diagram(
        family,
        problem,
        x=spread(x, points, **scales),
        y=spread(y, points, **scales),
        panels=("batch_size", sizes),
        **fixed,
    )
    boundaries = {
        _called(size): stability_boundary(
            family, problem, size, x=x, y=y, resolution=resolution, **scales, **fixed
        )
        for size in sizes
    }
    return NamedDiagram(series, boundaries)


def _called(batch_size: Any) -> str:
    return "full batches" if math.isinf(batch_size) else f"$B = {float(batch_size):g}$"
