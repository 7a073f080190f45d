r"""Batch Sharpness at the edge by batch size, between its two plateaus (arXiv 2604.14108)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.systems.stochastic_edge import (
    GAUSSIAN,
    isotropic_features,
    stochastic_edge,
)
from sgdmem.phase_diagrams.maps.axes import range_of
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, dashed, in_points, sized
from sgdmem.phase_diagrams.pictures.labels import spectrum_label
from sgdmem.phase_diagrams.pictures.palette import BLACK, CURVES, GREY, STROKES
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.named_algorithms import find_family

DIMENSION = 200  # of the isotropic features that are drawn where no problem is given


@sized
def draw_batch_sharpness(
    problem: Any = None,
    family: FamilyLike = "heavy-ball",
    *,
    learning_rate: Any = "0.1",
    momenta: Any = ("0", "0.5", "0.9"),
    batch_size: tuple[float, float] = (1.0, 1e6),
    points: int = 80,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
    **fixed: Any,
) -> Any:
    r"""Draw the Batch Sharpness of a method at its edge of stability, and the sharpness there.

    Both are in units of 1 / learning rate, and Batch Sharpness is the ratio of means
    :math:`E g^TH_Bg/E|g|^2` of `stochastic_edge`. At small batches it lies at
    :math:`2/\alpha_{\rm eff}`, at large ones at the largest stable eigenvalue.

    Parameters
    ----------
    problem : Problem, optional
        On Gaussian features; 200 of one variance by default.
    family : str or Family
        With the parameters ``learning_rate`` and ``momentum``.
    learning_rate : number
    momenta : sequence of numbers
        A curve for each.
    batch_size : (float, float)
        The range, (low, high).
    points : int
        Batch sizes of a curve.
    ax, explained, size
        See `named_diagram`.
    **fixed
        Other parameters of the family.

    Returns
    -------
    matplotlib axes
        With the `artists` ``batch-sharpness``, ``sharpness``, ``plateau`` and ``crossover``.

    Raises
    ------
    InputError
        For an argument outside its domain, and for a noise that is not Gaussian.

    Examples
    --------
    >>> axes = draw_batch_sharpness(points=5)
    >>> axes.get_ylabel()
    'sharpness $\\times$ learning rate'
    """
    given = isotropic_features(1, DIMENSION) if problem is None else as_problem(problem)
    found = find_family(family)
    rate = positive_float(learning_rate, "learning_rate")
    _, low, high = range_of("batch_size", batch_size)
    if not is_list(momenta) or not len(momenta):
        raise InputError(f"momenta must be a list of numbers, got {shown(momenta)}")
    sizes = np.geomspace(low, high, whole(points, "points", 2))
    if given.noise != GAUSSIAN:
        raise InputError("problem must have Gaussian features, tau1 = 1 and tau2 = -1")
    ax = new_axes(size) if ax is None else ax
    for place, momentum in enumerate(momenta):
        method = found(learning_rate=learning_rate, momentum=momentum, **fixed)
        edges = [stochastic_edge(method, given, B) for B in sizes]
        colour, stroke = CURVES[place % len(CURVES)], STROKES[place % len(STROKES)]
        values = np.array([(edge.batch_sharpness, edge.sharpness) for edge in edges]) * rate
        label = rf"${found.parameters['momentum'].letter} = {momentum}$"
        look = {"color": colour, "linestyle": stroke, "zorder": 4}
        line = ax.plot(sizes, values[:, 0], label=label, linewidth=in_points(2.0), **look)
        named("batch-sharpness", *line)
        thin = ax.plot(sizes, values[:, 1], linewidth=in_points(0.8), **look)
        named("sharpness", *thin)
        plateaus = edges[0].plateaus
        for level, span in ((plateaus.small_batch, (0.0, 0.12)), (plateaus.full_batch, (0.88, 1))):
            line = ax.axhline(level * rate, *span, **dashed(BLACK, 0), zorder=6)
            named("plateau", line)
        crossover = edges[0].crossover_batch_size
        if low <= crossover <= high:
            at = stochastic_edge(method, given, crossover)
            where = crossover, float(at.batch_sharpness or 0) * rate
            dot = ax.plot(*where, "o", color=colour, ms=in_points(4), zorder=7)
            named("crossover", *dot)
    ax.set(xscale="log", yscale="log", xlim=(low, high))
    ax.set(xlabel="batch size $B$", ylabel=r"sharpness $\times$ learning rate")
    write_title(ax, f"{found.display_name}\n{spectrum_label(given.spectrum)}", "small")
    if explained:
        _explain(ax)
    settle(ax)
    return ax


def _explain(ax: Any) -> None:
    from matplotlib.lines import Line2D

    handles, _ = ax.get_legend_handles_labels()
    thin: dict[str, Any] = {"color": GREY, "linewidth": in_points(0.8)}
    handles.append(Line2D([], [], label=r"largest eigenvalue $\lambda_{\max}$", **thin))
    handles.append(Line2D([], [], label="plateaus", **dashed(BLACK, 0)))
    handles.append(
        Line2D([], [], label="crossover", marker="o", linestyle="none", ms=in_points(4), color=GREY)
    )
    write_legend(ax, handles)
