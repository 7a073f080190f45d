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
"deep-linear"
    Modes of a deep linear network over time, in gradient flow and under SGD (arXiv 2604.06366).
"kaczmarz"
    What randomized Kaczmarz loses from its worst start, below its guarantee (arXiv 2604.09909).
"associative-memory"
    How many items one step of SGD, and of Muon, recovers, by dimension, simulated.
"associative-memory-batches"
    The same by the batch size, for some dimensions.
"regimes"
    Fig. 2 of arXiv 2410.04228: which of signal and noise decides how the loss falls, over
    :math:`1/\nu` of the spectrum and :math:`\zeta` of the target.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled, as_dataset
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize
from sgdmem.phase_diagrams.systems.diagram_names import DIAGRAMS, computed_by
from sgdmem.phase_diagrams.systems.drawing import draw
from sgdmem.symbolic.errors import InputError, shown

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
        One of those at the top of `sgdmem.phase_diagrams.systems.named_diagrams`.
    problem : Problem, Spectrum or array of shape (n, d), optional
        Where the diagram does not choose it. By default the infinite power law of exponent 1.5, for
        "batch-sharpness", "marginal-momentum" and "mem-sgd" 200 Gaussian features of one variance,
        and for "kaczmarz" several systems of equations.
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
        Of the first three ``points`` (of the map along each axis, by default 200) and
        ``resolution`` (of the boundaries, by default 80); of the first two ``batch_sizes``.

        - "learning-rate-momentum": ``family``, "heavy-ball" by default, the ranges
          ``learning_rate`` and ``momentum``, pairs (low, high), ``log1m=True`` for a scale of
          log(1 - momentum), and other parameters of the family;
        - "damping-effective-rate": ``q0``, the ranges ``damping`` and ``effective_learning_rate``;
        - "batch-size-learning-rate": ``family``, the ranges ``learning_rate`` and ``batch_size``,
          and other parameters of the family (``momentum=0.9`` for the heavy ball by default);
        - "spectral-zones": ``q0``, ``damping``, ``effective_learning_rate`` and ``batch_size``,
          numbers;
        - "regimes": ``points``, the ranges ``inverse_nu`` and ``zeta``, ``batch_size``, and
          ``family`` with its parameters (SGD with the learning rate 0.1 by default);
        - the others: those of the functions that compute them, as "kaczmarz" of `kaczmarz_data`.

    Returns
    -------
    matplotlib axes
        With the `artists` ``map`` and ``kinds``, ``boundary``, ``theory``, ``accelerated``,
        ``region-name`` and ``curve-name``; those of `draw_noise_summand` for "spectral-zones"; and
        those of the functions that draw curves, such as `draw_kaczmarz`.

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
    found = _computed(name, problem, options)
    return draw(found, ax, annotate=annotate, explained=explained, size=size)


def diagram_data(name: str, problem: Any = None, **options: Any) -> xarray.Dataset:
    """Compute a named diagram without drawing it; parameters as for `named_diagram`.

    Returns
    -------
    xarray.Dataset
        `sgdmem.draw` draws it. Its attributes say which diagram it is, with which options, and of
        curves which variables are proved, computed (by exact equations, but for rounding),
        estimated, simulated or heuristic. A map has its boundaries, each as `stability_boundary`
        returns it, with names that begin with ``boundary_1_``, ``boundary_2_``, ..., and its lines
        of theory.

    Raises
    ------
    InputError
        For an unknown name or option, and as `phase_diagram` and `stability_boundary`.

    Examples
    --------
    >>> data = diagram_data("kaczmarz", steps=10)
    >>> data.loss.dims, data.attrs["proved"]
    (('system', 'steps'), 'guarantee, power, last_iterate')
    """
    return as_dataset(_computed(name, problem, options))


def _computed(name: str, problem: Any, options: dict[str, Any]) -> Labelled:
    if not isinstance(name, str) or name not in DIAGRAMS:
        raise InputError(f"name must be among {', '.join(DIAGRAMS)}, got {shown(name)}")
    compute = computed_by(name)
    found: Labelled = compute(problem, **_checked(compute, options))
    return found


def _checked(compute: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return options that a function takes; InputError for others."""
    parameters = inspect.signature(compute).parameters.values()
    known = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD and p.name != "problem"]
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for name in options:
            if name not in known:
                there = ", ".join(option for option in known if option != "progress")
                raise InputError(f"unknown option {shown(name)}; there are {there}")
    for name in options:
        if name not in known and name in _CHOSEN:
            raise InputError(f"{name} is chosen by the diagram; there are {', '.join(known)}")
    return options
