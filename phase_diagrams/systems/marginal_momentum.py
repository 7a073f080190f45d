r"""What momentum is worth by batch size: how much larger its learning rate may be than that of SGD.

After R. Wang et al., The marginal value of momentum for small learning rate SGD, arXiv 2307.15196.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.systems.stochastic_edge import isotropic_features
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.maps.axes import range_of
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, dashed, in_points, sized
from sgdmem.phase_diagrams.pictures.labels import spectrum_label
from sgdmem.phase_diagrams.pictures.palette import BLACK, CURVES, STROKES
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)
from sgdmem.phase_diagrams.systems.stochastic_edge import DIMENSION
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.named_algorithms import sgd, sgdm


@sized
def draw_marginal_momentum(
    problem: Any = None,
    *,
    momenta: Any = ("0.5", "0.9", "0.99"),
    batch_size: tuple[float, float] = (1.0, 1e6),
    points: int = 60,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw the largest learning rate of SGDM, over that of SGD, by batch size.

    SGDM is :math:`m\leftarrow\beta m+(1-\beta)g,\ w\leftarrow w-\eta m`. Where noise
    bounds rates the ratio is 1, whatever the momentum; with full batches it is
    :math:`(1+\beta)/(1-\beta)`.

    Parameters
    ----------
    problem : Problem, optional
        By default 200 Gaussian features of one variance.
    momenta : sequence of numbers
        A curve for each.
    batch_size : (float, float)
        The range, (low, high).
    points : int
        Batch sizes of a curve.
    ax, explained, size
        See `named_diagram`.

    Returns
    -------
    matplotlib axes
        With the `artists` ``gain`` and ``full-batches``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> import sgdmem
    >>> axes = draw_marginal_momentum(sgdmem.Spectrum([1, 0.5]), points=5)
    >>> axes.get_xlabel()
    'batch size $B$'
    """
    given = isotropic_features(1, DIMENSION) if problem is None else as_problem(problem)
    _, low, high = range_of("batch_size", batch_size)
    if not is_list(momenta) or not len(momenta):
        raise InputError(f"momenta must be a list of numbers, got {shown(momenta)}")
    sizes = np.geomspace(low, high, whole(points, "points", 2))
    plain = _largest(sgd(1), given, sizes)
    ax = new_axes(size) if ax is None else ax
    for place, momentum in enumerate(momenta):
        method = sgdm(1, momentum)
        colour, stroke = CURVES[place % len(CURVES)], STROKES[place % len(STROKES)]
        look = {"color": colour, "linestyle": stroke, "linewidth": in_points(2.0)}
        label = rf"$\beta = {momentum}$"
        line = ax.plot(sizes, _largest(method, given, sizes) / plain, label=label, **look)
        named("gain", *line)
        full = _largest(method, given, [np.inf])[0] / _largest(sgd(1), given, [np.inf])[0]
        named("full-batches", ax.axhline(full, 0.88, 1, **dashed(BLACK, 0), zorder=6))
    ax.set(xscale="log", yscale="log", xlim=(low, high))
    ax.set(xlabel="batch size $B$", ylabel="largest rate, SGDM / SGD")
    write_title(ax, spectrum_label(given.spectrum), "small")
    if explained:
        from matplotlib.lines import Line2D

        handles, _ = ax.get_legend_handles_labels()
        write_legend(ax, [*handles, Line2D([], [], label="full batches", **dashed(BLACK, 0))])
    settle(ax)
    return ax


def _largest(method: Algorithm, problem: Problem, sizes: Any) -> Any:
    """Return the end of the stable factors on the learning rate that begin at 0."""
    scales = [stability(method, problem, B).stable_scales for B in sizes]
    return np.array([some[0][1] if some and some[0][0] == 0 else np.nan for some in scales])
