r"""Test errors of gradient descent and of adaptive methods, by the share of labels that are 1.

For A. C. Wilson et al., The marginal value of adaptive gradient methods in machine learning, arXiv
1705.08292.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.systems.adaptive_errors import adaptive_errors
from sgdmem.phase_diagrams.maps.axes import range_of
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.palette import BLACK
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curve_data import coordinate, curve_data, variable
from sgdmem.phase_diagrams.systems.curves import (
    Legend,
    look,
    read_list,
    require_none,
    theory,
    thick,
    thin,
)
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    import xarray


@curve_data
def adaptive_methods_data(
    problem: Any = None,
    *,
    labels: Any = (5, 21, 101),
    p: tuple[float, float] = (0.5, 1.0),
    points: int = 60,
) -> xarray.Dataset:
    r"""Compute expected test errors on the constructed problem, by p.

    Of adaptive methods: what the labels add for which they stay on their ray, a proven lower bound.
    As n grows it tends to 1 - p. Of gradient descent: everything, exactly.

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

    Returns
    -------
    xarray.Dataset
        ``adaptive`` and ``gradient_descent`` over (``labels``, ``p``), ``many_labels`` over ``p``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> data = adaptive_methods_data(points=3, labels=[5])
    >>> data.many_labels.values
    array([0.5 , 0.25, 0.  ])
    """
    import xarray

    require_none(problem, "adaptive-methods", "the constructed problem")
    _, low, high = range_of("p", p)
    if not 0 <= low < high <= 1:
        raise InputError(f"p must be a pair within 0 and 1, low < high, got {shown(p)}")
    shares = np.linspace(low, high, whole(points, "points", 2))
    counts = [whole(number(n, "labels"), "labels", 1, 200) for n in read_list(labels, "labels")]
    found = [[adaptive_errors(n, share) for share in shares] for n in counts]
    bound = [[float(x.adaptive) for x in row] for row in found]
    descent = [[float(x.gradient_descent) for x in row] for row in found]
    both, error = ("labels", "p"), "expected test error of"
    return xarray.Dataset(
        {
            "adaptive": variable(both, bound, f"{error} adaptive methods, at least", "proved"),
            "gradient_descent": variable(both, descent, f"{error} gradient descent", "proved"),
            "many_labels": variable("p", 1 - shares, "limit for many labels", "proved"),
        },
        {
            "labels": coordinate("labels", counts, "labels for training"),
            "p": coordinate("p", shares, "share of labels that are 1"),
        },
    )


def draw_adaptive_methods(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``adaptive``, thick, ``gradient-descent``, thin, and ``many-labels``."""
    shares = data["p"].values
    for place, n in enumerate(data["labels"].values):
        bound, descent = (
            data[name].transpose("labels", "p")[place] for name in ("adaptive", "gradient_descent")
        )
        named("adaptive", *ax.plot(shares, bound, label=f"$n = {n}$", **look(place), **thick()))
        lines = ax.plot(shares, descent, **{**thin(), **look(place)}, label="_descent", zorder=2)
        named("gradient-descent", *lines)
    named("many-labels", *ax.plot(shares, data["many_labels"], **theory(), zorder=6))
    ax.set(xlim=shares[[0, -1]], ylim=(-0.01, None))
    ax.set(xlabel="share $p$ of labels that are 1", ylabel="expected test error")
    write_title(ax, "adaptive methods at least, gradient descent exactly", "small")
    return {"thin: gradient descent": thin(BLACK), r"$n\to\infty$: $1-p$": theory()}
