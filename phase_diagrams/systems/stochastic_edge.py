r"""Batch Sharpness at the edge by batch size, between its two plateaus (arXiv 2604.14108)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.systems.stochastic_edge import GAUSSIAN, stochastic_edge
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, sized
from sgdmem.phase_diagrams.pictures.labels import spectrum_label
from sgdmem.phase_diagrams.pictures.surroundings import new_axes, settle, write_title
from sgdmem.phase_diagrams.systems.curves import (
    alike_features,
    batch_sizes,
    dot,
    explain,
    look,
    read_list,
    theory,
    thick,
    thin,
)
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.named_algorithms import find_family


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
    given = alike_features(problem)
    found = find_family(family)
    rate = positive_float(learning_rate, "learning_rate")
    sizes = batch_sizes(batch_size, points)
    if given.noise != GAUSSIAN:
        raise InputError("problem must have Gaussian features, tau1 = 1 and tau2 = -1")
    ax = new_axes(size) if ax is None else ax
    for place, momentum in enumerate(read_list(momenta, "momenta")):
        method = found(learning_rate=learning_rate, momentum=momentum, **fixed)
        edges = [stochastic_edge(method, given, B) for B in sizes]
        values = np.array([(edge.batch_sharpness, edge.sharpness) for edge in edges]) * rate
        label = rf"${found.parameters['momentum'].letter} = {momentum}$"
        curve = {**look(place), "zorder": 4}
        named("batch-sharpness", *ax.plot(sizes, values[:, 0], label=label, **thick(), **curve))
        named("sharpness", *ax.plot(sizes, values[:, 1], **{**thin(), **curve}))
        plateaus = edges[0].plateaus
        for level, span in ((plateaus.small_batch, (0.0, 0.12)), (plateaus.full_batch, (0.88, 1))):
            line = ax.axhline(level * rate, *span, **theory(), zorder=6)
            named("plateau", line)
        crossover = edges[0].crossover_batch_size
        if sizes[0] <= crossover <= sizes[-1]:
            at = stochastic_edge(method, given, crossover)
            where = crossover, float(at.batch_sharpness or 0) * rate
            named("crossover", *ax.plot(*where, **dot(curve["color"]), zorder=7))
    ax.set(xscale="log", yscale="log", xlim=(sizes[0], sizes[-1]))
    ax.set(xlabel="batch size $B$", ylabel=r"sharpness $\times$ learning rate")
    write_title(ax, f"{found.display_name}\n{spectrum_label(given.spectrum)}", "small")
    if explained:
        others = {r"largest eigenvalue $\lambda_{\max}$": thin(), "plateaus": theory()}
        explain(ax, {**others, "crossover": dot()})
    settle(ax)
    return ax
