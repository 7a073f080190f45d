r"""The phases of compute-optimal SGD on random features, and what DANA gains (arXiv 2505.16098)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.systems.compute_optimal import compute_phase
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, dashed, in_points, sized
from sgdmem.phase_diagrams.pictures.palette import BLACK, BLUE, LIGHT_BLUE, LIGHT_ORANGE
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)
from sgdmem.phase_diagrams.systems.curves import require_none, thick, thin
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

_METHODS = ("dana-decaying", "dana-constant")
_STEEP = 1 - 2**-0.5
_INFINITE = 9.0
_VISIBLE = 1e-5  # gain in the exponent


@sized
def draw_dana_phases(
    problem: Any = None,
    *,
    method: str = "dana-decaying",
    alpha: tuple[float, float] = (0.0, 1.2),
    beta: tuple[float, float] = (0.0, 1.3),
    points: int = 40,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw the seven phases of compute-optimal SGD, and lines of equal exponents.

    Inputs have the variances :math:`j^{-2\alpha}`, labels the coefficients :math:`j^{-\beta}`. With
    compute f the least mean risk is about :math:`f^{-\eta}`; lines of SGD, at a constant share of
    the stable rates, are labelled with :math:`\eta`, and so are those of DANA, where it gains:
    right of the high-dimensional line :math:`2\alpha=1`. In phase IV SGD gains by smaller rates.
    All are `compute_phase`: those of SGD are measured, those of DANA follow from
    :math:`\vartheta(t)`.

    Parameters
    ----------
    problem : None
        Chosen by the diagram.
    method : str
        "dana-decaying" or "dana-constant".
    alpha, beta : (float, float)
        Ranges, (low, high).
    points : int
        Along each axis, where exponents are computed.
    ax, explained, size
        See `named_diagram`.

    Returns
    -------
    matplotlib axes
        With the `artists` ``boundary``, ``sgd``, ``dana``, ``dana-gains``, ``rate-gains`` and
        ``phase-name``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> axes = draw_dana_phases(points=5)
    >>> axes.get_xlabel()
    'inputs: variances $j^{-2\\alpha}$'
    """
    require_none(problem, "dana-phases", "random features")
    if method not in _METHODS:
        raise InputError(f"method must be among {', '.join(_METHODS)}, got {shown(method)}")
    (low, high), (bottom, top) = _ends(alpha, "alpha"), _ends(beta, "beta")
    count = whole(points, "points", 3)
    α, β = np.linspace(max(low, 1e-3), high, count), np.linspace(bottom, top, count)
    ax = new_axes(size) if ax is None else ax
    four = {"hatch": "///", "edgecolor": "white", "facecolor": LIGHT_ORANGE, "lw": 0, "zorder": 0}
    rates = ax.fill_between([0.25, 0.5], 0.5, _INFINITE, **four)
    named("rate-gains", rates)
    named("boundary", *ax.plot([0.5, 0.5], [0, _INFINITE], label=_HIGH, color=BLACK, **thick()))
    for ends in _BOUNDARIES:
        named("boundary", *ax.plot(*ends, label="between phases", **thin(BLACK)))
    levels = np.arange(0.2, 4, 0.2)
    outline = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
    above = np.linspace(0.5, high, count)  # DANA is SGD below
    curves: Any = {"sgd": (α, "sgd", {"colors": BLACK, "linestyles": ":"})}
    if high > 0.5:
        curves["dana"] = above, method, {"colors": BLUE, "linestyles": "--"}
        gain = _exponents(above, β, method) - _exponents(above, β, "sgd")
        area = ax.contourf(above, β, gain, [_VISIBLE, _INFINITE], colors=LIGHT_BLUE, zorder=0)
        named("dana-gains", area)
    for name, (places, asked, style) in curves.items():
        exponents = _exponents(places, β, asked)
        style |= {"levels": levels, "linewidths": in_points(1.0)}
        lines = ax.contour(places, β, exponents, **style)
        for label in ax.clabel(lines, fmt="%.1f", fontsize="x-small", inline=False):
            label.set(bbox=outline, rotation=0)  # upright: 0.6 on its side may be read as 9.0
        named(name, lines)
    for name, (x, y) in _NAMES.items():
        if low < x < high and bottom < y < top:
            text = ax.text(x, y, name, ha="center", va="center", weight="bold", bbox=outline)
            named("phase-name", text)
    if low < _CORNER < high and bottom < _CORNER < top:
        text = ax.text(_CORNER, _CORNER, "infinite", ha="center", va="center", fontsize="x-small")
        named("infinite-risk", text)
    ax.set(xlim=(low, high), ylim=(bottom, top))
    ax.set(xlabel=r"inputs: variances $j^{-2\alpha}$", ylabel=r"labels: coefficients $j^{-\beta}$")
    write_title(ax, r"least risk $f^{-\eta}$ for compute $f$", "small")
    if explained:
        write_legend(ax, _legend(method), most_columns=2)
    settle(ax)
    return ax


_HIGH, _CORNER = "high-dimensional line", 0.14  # labels have no variance there
_BOUNDARIES = (  # of infinite risks, of phases I, between Ic, IVb and IVa, and II and III
    *(((0, 1.5), (0.5, -1)), ((0, _INFINITE), (0.5, 0.5)), ((0.25, 0.25), (0.5, _INFINITE))),
    *(((_STEEP, _STEEP), (0.5, _INFINITE)), ((0.5, _INFINITE), (0.5, _INFINITE))),
)
_NAMES = {
    **{"Ia": (0.62, 0.07), "Ib": (0.37, 0.23), "Ic": (0.1, 0.9), "II": (0.97, 0.64)},
    **{"III": (0.74, 1.0), "IVa": (0.4, 0.9), "IVb": (0.271, 1.15)},
}


def _ends(given: Any, name: str) -> tuple[float, float]:
    if not is_list(given) or len(given) != 2:
        raise InputError(f"{name} must be a pair (low, high), got {shown(given)}")
    low, high = (float(number(end, name)) for end in given)
    if not -2 <= low < high <= 4 or (name == "alpha" and low < 0):
        raise InputError(f"{name} must be a pair low < high, at most 4, got {shown(given)}")
    return low, high


def _exponents(α: Array, β: Array, method: str) -> Array:
    def exponent(a: float, b: float) -> float:
        a = max(a, 0.5 - b + 1e-9)  # lines end where risks are infinite
        return float(compute_phase(a, b, method).risk)

    found = np.array([[exponent(a, b) for a in α] for b in β])
    found[α[None, :] + β[:, None] < 0.5] = np.nan
    return found


def _legend(method: str) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    width: Any = {"linewidth": in_points(1.0)}
    name = method.replace("dana", "DANA")
    return [
        Line2D([], [], color=BLACK, linestyle=":", label=r"$\eta$ of SGD", **width),
        Line2D([], [], label=rf"$\eta$ of {name}", **dashed(BLUE, 0)),
        Line2D([], [], color=BLACK, label=r"$2\alpha=1$", **thick()),
        Patch(facecolor=LIGHT_BLUE, label="DANA gains"),
        Patch(facecolor=LIGHT_ORANGE, hatch="///", edgecolor="white", label="smaller rates gain"),
    ]
