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
"batch-sharpness"
    Batch Sharpness at the edge, from one plateau to the other as batches grow (arXiv 2604.14108).
"marginal-momentum"
    How much larger learning rates may be with momentum than without, by batch size (arXiv
    2307.15196).
"mem-sgd"
    What is left of the largest effective learning rate if k of d coordinates are sent, with and
    without memory, by batch size (arXiv 1809.07599).
"spectral-conflict"
    How fast tokens learn by their frequency, a curve for each momentum (arXiv 2605.28961).
"sparse-phases"
    Where momentum under sparse updates can be a heavy ball, and where it is SGD (arXiv 2605.28961).
"adaptive-methods"
    Test errors of gradient descent and of AdaGrad, RMSProp and Adam, by the share of one label
    (arXiv 1705.08292).
"dana-phases"
    The phases of compute-optimal SGD on random features, and what DANA gains (arXiv 2505.16098).
"kaczmarz"
    What randomized Kaczmarz loses from its worst start, below its guarantee (arXiv 2604.09909).
"associative-memory"
    How many items one step of SGD, and of Muon, recovers, by dimension, simulated.
"regimes"
    Fig. 2 of arXiv 2410.04228: which of signal and noise decides how the loss falls, over
    :math:`1/\nu` of the spectrum and :math:`\zeta` of the target.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sgdmem.numeric.problems.problem import (
    USUAL_EXPONENT,
    Problem,
    as_problem,
    require_no_weight_decay,
)
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize
from sgdmem.phase_diagrams.pictures.noise_picture import draw_noise_summand
from sgdmem.phase_diagrams.systems.adaptive_methods import draw_adaptive_methods
from sgdmem.phase_diagrams.systems.associative_memory import draw_associative_memory
from sgdmem.phase_diagrams.systems.dana_phases import draw_dana_phases
from sgdmem.phase_diagrams.systems.diagram_names import CURVES, computed_by
from sgdmem.phase_diagrams.systems.diagram_parts import (
    batch_size_learning_rate,
    damping_effective_rate,
    learning_rate_momentum,
    regimes,
)
from sgdmem.phase_diagrams.systems.drawing import draw_curves
from sgdmem.phase_diagrams.systems.marginal_momentum import draw_marginal_momentum
from sgdmem.phase_diagrams.systems.mem_sgd import draw_mem_sgd
from sgdmem.phase_diagrams.systems.named_diagram_picture import NamedDiagram
from sgdmem.phase_diagrams.systems.sparse_phases import draw_sparse_phases
from sgdmem.phase_diagrams.systems.spectral_conflict import draw_spectral_conflict
from sgdmem.phase_diagrams.systems.stochastic_edge import draw_batch_sharpness
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.named_algorithms import memory_one

if TYPE_CHECKING:
    import xarray

_CHOSEN = (  # arguments of `phase_diagram` and `stability_boundary`
    *("x", "y", "batch_size", "panels", "quantities", "store", "chunk", "client"),
    *("log", "tolerance", "flatness", "resolution", "device", "progress"),
)


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
        "batch-size-learning-rate", "batch-sharpness", "marginal-momentum", "mem-sgd",
        "spectral-conflict", "sparse-phases", "adaptive-methods", "dana-phases", "kaczmarz",
        "associative-memory" or "regimes"; what they show is said at the top of
        `sgdmem.phase_diagrams.systems.named_diagrams`.
    problem : Problem, Spectrum or array of shape (n, d), optional
        By default the infinite power law of exponent 1.5; "regimes", "spectral-conflict",
        "sparse-phases", "adaptive-methods", "dana-phases" and "associative-memory" have their own,
        "batch-sharpness", "marginal-momentum" and "mem-sgd" 200 Gaussian features of one variance,
        and "kaczmarz" several systems of equations.
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
        - "batch-sharpness", "marginal-momentum", "mem-sgd", "spectral-conflict", "sparse-phases",
          "adaptive-methods", "dana-phases", "kaczmarz" and "associative-memory": as
          `draw_batch_sharpness`, `draw_adaptive_methods`,
          `draw_marginal_momentum`, `draw_mem_sgd`, `draw_spectral_conflict`, `draw_sparse_phases`,
          `draw_dana_phases`, `kaczmarz_data` and `draw_associative_memory`;
        - "regimes": ``points``, the ranges ``inverse_nu`` and ``zeta``, ``batch_size``, and
          ``family`` with its parameters (SGD with the learning rate 0.1 by default).

    Returns
    -------
    matplotlib axes
        With the `artists` ``map`` and ``kinds``, ``boundary``, ``theory``, ``accelerated``,
        ``region-name`` and ``curve-name``; those of `draw_noise_summand` for "spectral-zones", and
        of the other functions above.

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
    if isinstance(name, str) and name in CURVES:
        return draw_curves(
            diagram_data(name, problem, **options), ax, explained=explained, size=size
        )
    if isinstance(name, str) and name in _CURVES:
        chosen = _checked(_CURVES[name], options, "problem ax explained size")
        return _CURVES[name](problem, ax=ax, explained=explained, size=size, **chosen)
    found = diagram_data(name, problem, **options)
    return found.draw(ax, annotate=annotate, explained=explained, size=size)


def diagram_data(name: str, problem: Any = None, **options: Any) -> Any:
    """Compute a named diagram without drawing it; parameters as for `named_diagram`.

    Returns
    -------
    xarray.Dataset or NamedDiagram
        Curves as a dataset, which `sgdmem.draw` draws; a map with its boundaries and lines.

    Raises
    ------
    InputError
        For "spectral-zones", "batch-sharpness", "marginal-momentum", "mem-sgd",
        "spectral-conflict", "sparse-phases", "adaptive-methods", "dana-phases" and
        "associative-memory", and as `named_diagram`.

    Examples
    --------
    >>> diagram_data("kaczmarz", steps=10).loss.dims
    ('system', 'steps')
    """
    if isinstance(name, str) and name in CURVES:
        compute = computed_by(name)
        data: xarray.Dataset = compute(problem, **_checked(compute, options, "problem progress"))
        return data
    if not isinstance(name, str) or name not in (*_DIAGRAMS, "regimes"):
        known = ", ".join([*_DIAGRAMS, "regimes", *_CURVES, *CURVES])
        raise InputError(f"name must be among {known}, got {shown(name)}")
    if name == "regimes":
        if problem is not None:
            raise InputError("problem is chosen by the diagram: regimes go over all power laws")
        return regimes(**_checked(regimes, options))
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


_DIAGRAMS: dict[str, Callable[..., NamedDiagram]] = {
    "learning-rate-momentum": learning_rate_momentum,
    "damping-effective-rate": damping_effective_rate,
    "batch-size-learning-rate": batch_size_learning_rate,
}


def _spectral_zones(
    problem: Any,
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
    return draw_noise_summand(
        method, _problem(problem), batch_size, ax=ax, explained=explained, size=size
    )


_CURVES: dict[str, Callable[..., Any]] = {
    "spectral-zones": _spectral_zones,
    "batch-sharpness": draw_batch_sharpness,
    "marginal-momentum": draw_marginal_momentum,
    "mem-sgd": draw_mem_sgd,
    "spectral-conflict": draw_spectral_conflict,
    "sparse-phases": draw_sparse_phases,
    "adaptive-methods": draw_adaptive_methods,
    "dana-phases": draw_dana_phases,
    "associative-memory": draw_associative_memory,
}


def _problem(given: Any) -> Problem:
    if given is None:
        return Problem.power_law(USUAL_EXPONENT)
    problem = as_problem(given)
    require_no_weight_decay(problem, "a diagram of the theory")
    return problem
