r"""The phase diagrams that have a name in the field, each by one call.

"learning-rate-momentum"
    Where a family with momentum is stable, for several batch sizes.
"damping-effective-rate"
    Memory 1 in the coordinates of Theorem 6 of arXiv 2410.04228, at a given :math:`q_0`: its
    triangle (in :math:`\delta`, :math:`\delta\alpha_{\mathrm{eff}}`), the region in which it
    accelerates by the mechanism of Theorem 7 (our definition: stable, the spectrum in all three
    ranges of eq. (26), a larger effective learning rate than any stable SGD), and the lines at
    which the largest eigenvalue comes into the second and the third of
    the ranges of eq. (26).
"spectral-zones"
    These three ranges for one method of that plane.
"batch-size-learning-rate"
    The two edges of stability: small batches bound the learning rate in proportion to the batch
    size, by the trace of the Hessian; large ones by its largest eigenvalue (arXiv 2604.14108).
"regimes"
    Fig. 2 of arXiv 2410.04228: which of signal and noise decides how the loss falls, over
    :math:`1/\nu` of the spectrum and :math:`\zeta` of the target.

Every line is derived: boundaries are traced by `stability_boundary`, those of theory come from the
conditions and ranges of `sgdmem.symbolic`, or from verdicts.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
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
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize
from sgdmem.phase_diagrams.pictures.noise_picture import draw_noise_summand
from sgdmem.phase_diagrams.pictures.palette import BLUE
from sgdmem.phase_diagrams.systems.memory_one import (
    range_end_latex,
    range_ends,
    upper_line,
    zone_lines,
)
from sgdmem.phase_diagrams.systems.named_diagram_picture import NamedDiagram, TheoryLine
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.named_algorithms import find_family, memory_one

_SIZES = (1, 8, 64, math.inf)
_SMALL = 1e-6  # learning rate over the largest one, where only the trace counts

_CHOSEN = (  # arguments of `phase_diagram` and `stability_boundary`
    *("x", "y", "batch_size", "panels", "quantities", "store", "chunk", "client"),
    *("log", "tolerance", "flatness", "resolution", "device", "progress"),
)

Range = tuple[float, float]


def named_diagram(
    name: str,
    problem: Any = None,
    *,
    ax: Any = None,
    annotate: bool = True,
    explained: bool = True,
    size: FigureSize = None,
    **options: Any,
) -> Any:
    r"""Compute and draw a phase diagram that has a name in the field.

    Parameters
    ----------
    name : str
        "learning-rate-momentum", "damping-effective-rate", "spectral-zones",
        "batch-size-learning-rate" or "regimes"; what they show is said at the top of
        `sgdmem.phase_diagrams.systems.named_diagrams`.
    problem : Problem, Spectrum or array of shape (n, d), optional
        By default the infinite power law of exponent 1.5; "regimes" has its own.
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise.
    annotate : bool
        Whether curves and regions are named where there is room.
    explained : bool
        Whether a colour bar is added, and a legend of what has no name in the picture.
    size : str or (float, float), optional
        "column", "page", "slide", or width and height in inches: of the figure, and of letters and
        lines.
    **options
        ``points`` (of the map along each axis, by default 200) and ``resolution`` (of the
        boundaries, by default 80), except for "spectral-zones" and "regimes"; ``batch_sizes``,
        except for "batch-size-learning-rate" (those two: ``batch_size``); and

        - "learning-rate-momentum": ``family``, "heavy-ball" by default, the ranges
          ``learning_rate`` and ``momentum``, pairs (low, high), ``log1m=True`` for a scale of
          log(1 - momentum), and other parameters of the family;
        - "damping-effective-rate": ``q0``, the ranges ``damping`` and ``effective_learning_rate``;
        - "spectral-zones": ``q0``, ``damping`` and ``effective_learning_rate``, numbers;
        - "batch-size-learning-rate": ``family``, the ranges ``learning_rate`` and ``batch_size``,
          and other parameters of the family (``momentum=0.9`` for the heavy ball by default);
        - "regimes": ``points``, the ranges ``inverse_nu`` and ``zeta``, ``batch_size``, and
          ``family`` with its parameters (SGD with the learning rate 0.1 by default).

    Returns
    -------
    matplotlib axes
        With the `artists` ``map`` and ``kinds``, ``boundary``, ``theory``, ``accelerated``,
        ``region-name`` and ``curve-name``; those of `draw_noise_summand` for "spectral-zones".

    Raises
    ------
    InputError
        For an unknown name or option, and as `phase_diagram` and `stability_boundary`.

    Examples
    --------
    >>> axes = named_diagram("batch-size-learning-rate", points=20, resolution=8)
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('learning rate $\\alpha$', 'batch size $B$')
    """
    if name == "spectral-zones":
        hidden = "problem ax explained size"
        chosen = _checked(_spectral_zones, options, hidden)
        return _spectral_zones(_problem(problem), ax, explained, size, **chosen)
    found = diagram_data(name, problem, **options)
    return found.draw(ax, annotate=annotate, explained=explained, size=size)


def diagram_data(name: str, problem: Any = None, **options: Any) -> NamedDiagram:
    """Compute a named diagram without drawing it; parameters as for `named_diagram`.

    Raises
    ------
    InputError
        For "spectral-zones", which is a curve, and as `named_diagram`.
    """
    if name not in (*_DIAGRAMS, "regimes"):
        known = ", ".join([*_DIAGRAMS, "regimes", "spectral-zones"])
        raise InputError(f"name must be among {known}, got {shown(name)}")
    if name == "regimes":
        if problem is not None:
            raise InputError("problem is chosen by the diagram: regimes go over all power laws")
        return _regimes(**_checked(_regimes, options))
    return _DIAGRAMS[name](_problem(problem), **_checked(_DIAGRAMS[name], options, "problem"))


def _checked(function: Callable[..., Any], options: dict[str, Any], hidden: str = "") -> Any:
    """Return options that a function takes; InputError for others."""
    parameters = inspect.signature(function).parameters.values()
    known = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
    known = [name for name in known if name not in hidden.split()]
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for name in options:
            if name not in known:
                raise InputError(f"unknown option {shown(name)}; there are {', '.join(known)}")
    for name in options:
        if name not in known and name in _CHOSEN:
            raise InputError(f"{name} is chosen by the diagram; there are {', '.join(known)}")
    return options


# The diagrams -----------------------------------------------------------------------------------


def _learning_rate_momentum(
    problem: Problem,
    family: FamilyLike = "heavy-ball",
    *,
    batch_sizes: Sequence[Any] = _SIZES,
    learning_rate: Range = (0.02, 10.0),
    momentum: Range = (0.0, 0.99),
    log1m: bool = False,
    points: int = 200,
    resolution: int = 80,
    **fixed: Any,
) -> NamedDiagram:
    x, y = range_of("learning_rate", learning_rate), range_of("momentum", momentum)
    scales = {"log": ["learning_rate"], "log1m": ["momentum"] if log1m else []}
    return _over_batch_sizes(family, problem, x, y, scales, batch_sizes, points, resolution, fixed)


def _damping_effective_rate(
    problem: Problem,
    *,
    q0: Any = 0.5,
    batch_sizes: Sequence[Any] = _SIZES,
    damping: Range = (0.002, 2.0),
    effective_learning_rate: Range = (0.1, 1e4),
    points: int = 200,
    resolution: int = 80,
) -> NamedDiagram:
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
        shown = found.map.isel(batch_size=finite[-1])
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
    return NamedDiagram(found.map, found.boundaries, theory, accelerated, zones)


def _spectral_zones(
    problem: Problem,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
    *,
    q0: Any = "0.5",
    damping: Any = "1e-4",
    effective_learning_rate: Any = 100,
    batch_size: Any = 8,
) -> Any:
    method = memory_one(effective_learning_rate, q0, damping)
    return draw_noise_summand(method, problem, batch_size, ax=ax, explained=explained, size=size)


def _batch_size_learning_rate(
    problem: Problem,
    family: FamilyLike = "heavy-ball",
    *,
    learning_rate: Range = (0.02, 10.0),
    batch_size: Range = (1.0, 1e4),
    points: int = 200,
    resolution: int = 80,
    **fixed: Any,
) -> NamedDiagram:
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
    return NamedDiagram(found, {"boundary": edge}, theory)


def _regimes(
    family: FamilyLike = "sgd",
    *,
    batch_size: Any = 16,
    inverse_nu: Range = (0.01, 2.5),
    zeta: Range = (0.01, 2.5),
    points: int = 200,
    **fixed: Any,
) -> NamedDiagram:
    if family == "sgd":
        fixed = {"learning_rate": "0.1", **fixed}
    found = phase_diagram(
        family,
        lambda inverse_nu, zeta: Problem.power_law(1 / inverse_nu, zeta),
        batch_size,
        x=spread(range_of("inverse_nu", inverse_nu), points),
        y=spread(range_of("zeta", zeta), points),
        quantities=["regime", "loss_exponent"],
        **fixed,
    )
    return NamedDiagram(found, {}, quantity="regime")


_DIAGRAMS: dict[str, Callable[..., NamedDiagram]] = {
    "learning-rate-momentum": _learning_rate_momentum,
    "damping-effective-rate": _damping_effective_rate,
    "batch-size-learning-rate": _batch_size_learning_rate,
}


# Their parts ------------------------------------------------------------------------------------


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


def _problem(given: Any) -> Problem:
    if given is None:
        return Problem.power_law(USUAL_EXPONENT)
    problem = as_problem(given)
    require_no_weight_decay(problem, "a diagram of the theory")
    return problem
