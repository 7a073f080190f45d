r"""Test errors of gradient descent and of adaptive methods, by the share of labels that are 1.

For A. C. Wilson et al., The marginal value of adaptive gradient methods in machine learning, arXiv
1705.08292.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.systems.adaptive_errors import adaptive_errors
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import in_points
from sgdmem.phase_diagrams.pictures.palette import BLACK
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curves import (
    Legend,
    curves_of,
    look,
    pair_within,
    read_list,
    require_none,
    theory,
    thick,
    thin,
)
from sgdmem.phase_diagrams.systems.self_describing import (
    Known,
    coordinate,
    self_describing,
    variable,
)

if TYPE_CHECKING:
    import xarray

_VISIBLE = 2e-3  # difference of errors


@self_describing
def adaptive_methods_data(
    problem: Any = None,
    *,
    labels: Any = (5, 21, 101),
    p: tuple[float, float] = (0.5, 1.0),
    points: int = 60,
) -> xarray.Dataset:
    r"""Compute expected test errors on the constructed problem, by p.

    Of adaptive methods: what the labels add for which they stay on their ray, a proven lower bound,
    and all, in the limit of small rates. For p above 1/2 both tend to 1 - p as n grows. Of gradient
    descent: everything, exactly.

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
        ``adaptive``, ``gradient_descent``, and of small rates ``signs``, which is RMSProp and Adam,
        and ``adagrad``, over (``labels``, ``p``); ``many_labels`` over ``p``, from 1/2 on.

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
    shares = np.linspace(*pair_within("p", p, 0, 1), whole(points, "points", 2))
    counts = [whole(number(n, "labels"), "labels", 1, 200) for n in read_list(labels, "labels")]
    found = [[adaptive_errors(n, share) for share in shares] for n in counts]
    of: dict[str, tuple[str, Known]] = {
        "adaptive": ("adaptive methods, at least", "proved"),
        "signs": ("RMSProp and Adam, in the limit of small rates", "computed"),
        "adagrad": ("AdaGrad, in the limit of small rates", "computed"),
        "gradient_descent": ("gradient descent", "proved"),
    }

    def errors(name: str, method: str, known: Known) -> Any:
        values = [[float(getattr(x, name)) for x in row] for row in found]
        return variable(("labels", "p"), values, f"expected test error of {method}", known)

    limit = np.where(shares >= 0.5, 1 - shares, np.nan)
    return xarray.Dataset(
        {
            **{name: errors(name, *words) for name, words in of.items()},
            "many_labels": variable("p", limit, "limit for many labels, p above 1/2", "proved"),
        },
        {
            "labels": coordinate("labels", counts, "labels for training"),
            "p": coordinate("p", shares, "share of labels that are 1"),
        },
    )


def draw_adaptive_methods(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw ``adaptive``, ``gradient-descent``, ``signs``, ``adagrad`` and ``many-labels``.

    Those of small rates where they say more than the bound, ``adaptive``.
    """
    shares = data["p"].values
    shift = max(1, len(shares) // 12)
    marks = {"signs": ("o", 0), "adagrad": ("x", shift // 2)}
    for place, one in enumerate(curves_of(data, "labels")):
        curve = {"label": f"$n = {int(one['labels'])}$", **look(place), **thick()}
        named("adaptive", *ax.plot(shares, one["adaptive"], **curve))
        lines = {**thin(), **look(place), "zorder": 2}
        drawn = ax.plot(shares, one["gradient_descent"], **lines, label="_descent")
        named("gradient-descent", *drawn)
        for name, (mark, first) in marks.items():
            more = one[name].where(one[name] > one["adaptive"] + _VISIBLE)
            style = {**lines, **_mark(mark), "markevery": (first, shift)}
            named(name, *ax.plot(shares, more, **style, label=f"_{name}"))
    named("many-labels", *ax.plot(shares, data["many_labels"], **theory(), zorder=6))
    ax.set(xlim=shares[[0, -1]], ylim=(-0.01, None))
    ax.set(xlabel="share $p$ of labels that are 1", ylabel="expected test error")
    write_title(ax, "thick: proved lower bound of adaptive methods", "small")
    return {
        "gradient descent": thin(BLACK),
        "RMSProp, Adam, small rates": {**thin(BLACK), **_mark("o")},
        "AdaGrad, small rates": {**thin(BLACK), **_mark("x")},
        r"$n\to\infty$: $1-p$": theory(),
    }


def _mark(mark: str) -> dict[str, Any]:
    sizes = {"markersize": in_points(4), "markeredgewidth": in_points(0.8)}
    return {"marker": mark, "markerfacecolor": "none", **sizes}
