r"""Test errors of gradient descent and of adaptive methods, by the share of labels that are 1.

For A. C. Wilson et al., The marginal value of adaptive gradient methods in machine learning, arXiv
1705.08292.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.systems.adaptive_methods import adaptive_errors
from sgdmem.phase_diagrams.maps.axes import range_of
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, sized
from sgdmem.phase_diagrams.pictures.palette import BLACK
from sgdmem.phase_diagrams.pictures.surroundings import new_axes, settle, write_title
from sgdmem.phase_diagrams.systems.curves import (
    explain,
    look,
    read_list,
    require_none,
    theory,
    thick,
    thin,
)
from sgdmem.symbolic.errors import InputError, shown


@sized
def draw_adaptive_methods(
    problem: Any = None,
    *,
    labels: Any = (5, 21, 101),
    p: tuple[float, float] = (0.5, 1.0),
    points: int = 60,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw expected test errors on the constructed problem, by p.

    Of adaptive methods: what the labels add for which they stay on their ray, a proven lower bound
    (thick). As n grows it tends to 1 - p. Of gradient descent: everything, exactly (thin).

    Parameters
    ----------
    problem : None
        Chosen by the diagram.
    labels : sequence of int
        Numbers of labels for training, up to 200: a curve for each, of either kind.
    p : (float, float)
        The range, (low, high), within 0 and 1.
    points : int
        Of a curve.
    ax, explained, size
        See `named_diagram`.

    Returns
    -------
    matplotlib axes
        With the `artists` ``adaptive``, ``gradient-descent`` and ``many-labels``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> axes = draw_adaptive_methods(points=3, labels=[5])
    >>> axes.get_ylabel()
    'expected test error'
    """
    require_none(problem, "adaptive-methods", "the constructed problem")
    _, low, high = range_of("p", p)
    if not 0 <= low < high <= 1:
        raise InputError(f"p must be a pair within 0 and 1, low < high, got {shown(p)}")
    shares = np.linspace(low, high, whole(points, "points", 2))
    ax = new_axes(size) if ax is None else ax
    for place, given in enumerate(read_list(labels, "labels")):
        n = whole(number(given, "labels"), "labels", 1, 200)
        found = [adaptive_errors(n, share) for share in shares]
        bound = [float(x.adaptive) for x in found]
        descent = [float(x.gradient_descent) for x in found]
        named("adaptive", *ax.plot(shares, bound, label=f"$n = {n}$", **look(place), **thick()))
        lines = ax.plot(shares, descent, **{**thin(), **look(place)}, label="_descent", zorder=2)
        named("gradient-descent", *lines)
    named("many-labels", *ax.plot(shares, 1 - shares, **theory(), zorder=6))
    ax.set(xlim=(low, high), ylim=(-0.01, None))
    ax.set(xlabel="share $p$ of labels that are 1", ylabel="expected test error")
    write_title(ax, "adaptive methods at least, gradient descent exactly", "small")
    if explained:
        others = {"gradient descent, likewise": thin(BLACK), r"$n\to\infty$: $1-p$": theory()}
        explain(ax, others)
    settle(ax)
    return ax
