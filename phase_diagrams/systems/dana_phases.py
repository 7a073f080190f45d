r"""The phases of compute-optimal SGD on random features, and what DANA gains (arXiv 2505.16098)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.systems.compute_optimal import compute_phase
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import dashed, in_points
from sgdmem.phase_diagrams.pictures.palette import BLACK, BLUE, LIGHT_BLUE, LIGHT_ORANGE
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curves import Legend, curves_of, require_none, thick, thin
from sgdmem.phase_diagrams.systems.self_describing import coordinate, self_describing, variable
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    import xarray

_METHODS = ("dana-decaying", "dana-constant")
_STEEP = 1 - 2**-0.5
_INFINITE = 9.0
_VISIBLE = 1e-5  # gain in the exponent
_OUTLINE = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
_RATES = {"hatch": "///", "edgecolor": "white", "facecolor": LIGHT_ORANGE, "linewidth": 0}


@self_describing
def dana_phases_data(
    problem: Any = None,
    *,
    method: str = "dana-decaying",
    alpha: tuple[float, float] = (0.0, 1.2),
    beta: tuple[float, float] = (0.0, 1.3),
    points: int = 40,
) -> xarray.Dataset:
    r"""Compute the exponents of compute-optimal SGD and of DANA, and where phases end.

    Inputs have the variances :math:`j^{-2\alpha}`, labels the coefficients :math:`j^{-\beta}`. With
    compute f the least mean risk is about :math:`f^{-\eta}`; exponents :math:`\eta` are those of
    SGD at a constant share of the stable rates, and those of DANA where it gains: right of the
    high-dimensional line :math:`2\alpha=1`. In phase IV SGD gains by smaller rates. All are
    `compute_phase`, heuristic: those of SGD are measured, those of DANA follow from
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
        Along each axis, where exponents are computed; up to 1000.

    Returns
    -------
    xarray.Dataset
        ``sgd`` over (``beta``, ``alpha``), ``dana`` and ``gain`` over (``beta``, ``dana_alpha``),
        and ``boundary_alpha``, ``boundary_beta`` over (``boundary``, ``end``).

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> dana_phases_data(points=5).sgd.dims
    ('beta', 'alpha')
    """
    import xarray

    require_none(problem, "dana-phases", "random features")
    if method not in _METHODS:
        raise InputError(f"method must be among {', '.join(_METHODS)}, got {shown(method)}")
    (low, high), (bottom, top) = _ends(alpha, "alpha"), _ends(beta, "beta")
    count = whole(points, "points", 3, 1000)
    α, β = np.linspace(max(low, 1e-3), high, count), np.linspace(bottom, top, count)
    above = np.linspace(0.5, high, count if high > 0.5 else 0)  # DANA is SGD below
    dana, sgd = (_exponents(above, β, x) for x in (method, "sgd"))
    ends = np.array([*_BOUNDARIES.values()])
    eta = "exponent of the least risk by compute, of"
    there, line = ("beta", "dana_alpha"), ("boundary", "end")
    return xarray.Dataset(
        {
            "sgd": variable(("beta", "alpha"), _exponents(α, β, "sgd"), f"{eta} SGD", "heuristic"),
            "dana": variable(there, dana, f"{eta} DANA", "heuristic"),
            "gain": variable(there, dana - sgd, "what DANA adds to the exponent", "heuristic"),
            "boundary_alpha": variable(line, ends[:, 0], "alpha where phases end", "heuristic"),
            "boundary_beta": variable(line, ends[:, 1], "beta where phases end", "heuristic"),
        },
        {
            "alpha": coordinate("alpha", α, "exponent of the inputs"),
            "dana_alpha": coordinate("dana_alpha", above, "exponent of the inputs"),
            "beta": coordinate("beta", β, "exponent of the labels"),
            "boundary": coordinate("boundary", [*_BOUNDARIES], "between phases", None),
            "lowest_alpha": coordinate((), low, "least exponent of the inputs that is shown"),
        },
    )


def draw_dana_phases(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw ``boundary``, ``sgd``, ``dana``, ``dana-gains``, ``rate-gains``, ``phase-name``."""
    α, β, above = (data[name].values for name in ("alpha", "beta", "dana_alpha"))
    low, high, bottom, top = float(data["lowest_alpha"]), α[-1], β[0], β[-1]
    named("rate-gains", ax.fill_between([0.25, 0.5], 0.5, _INFINITE, **_RATES, zorder=0))
    for one in curves_of(data, "boundary"):
        high_line = str(one["boundary"].values) == _HIGH
        style = {"color": BLACK, **thick()} if high_line else thin(BLACK)
        name = _HIGH if high_line else "between phases"
        ends = one["boundary_alpha"], one["boundary_beta"]
        named("boundary", *ax.plot(*ends, label=f"_{name}", **style))
    sgd, dana, gain = (data[x].transpose("beta", ...).values for x in ("sgd", "dana", "gain"))
    curves: Any = {"sgd": (α, sgd, {"colors": BLACK, "linestyles": ":"})}
    if above.size:
        curves["dana"] = above, dana, {"colors": BLUE, "linestyles": "--"}
        gains = ax.contourf(above, β, gain, [_VISIBLE, _INFINITE], colors=LIGHT_BLUE, zorder=0)
        named("dana-gains", gains)
    for name, (places, exponents, style) in curves.items():
        style |= {"levels": np.arange(0.2, 4, 0.2), "linewidths": in_points(1.0)}
        lines = ax.contour(places, β, exponents, **style)
        for label in ax.clabel(lines, fmt="%.1f", fontsize="x-small", inline=False):
            label.set(bbox=_OUTLINE, rotation=0)  # upright: 0.6 on its side may be read as 9.0
        named(name, lines)
    for name, (x, y) in _NAMES.items():
        if low < x < high and bottom < y < top:
            text = ax.text(x, y, name, ha="center", va="center", weight="bold", bbox=_OUTLINE)
            named("phase-name", text)
    if low < _CORNER < high and bottom < _CORNER < top:
        text = ax.text(_CORNER, _CORNER, "infinite", ha="center", va="center", fontsize="x-small")
        named("infinite-risk", text)
    ax.set(xlim=(low, high), ylim=(bottom, top))
    ax.set(xlabel=r"inputs: variances $j^{-2\alpha}$", ylabel=r"labels: coefficients $j^{-\beta}$")
    write_title(ax, r"least risk $f^{-\eta}$ for compute $f$", "small")
    name = data.attrs["method"].replace("dana", "DANA")
    return {
        r"$\eta$ of SGD": {"color": BLACK, "linestyle": ":", "linewidth": in_points(1.0)},
        rf"$\eta$ of {name}": dashed(BLUE, 0),
        r"$2\alpha=1$": {"color": BLACK, **thick()},
        "DANA gains": {"facecolor": LIGHT_BLUE},
        "smaller rates gain": _RATES,
    }


_HIGH, _CORNER = "high-dimensional line", 0.14  # labels have no variance there
_BOUNDARIES = {
    _HIGH: ((0.5, 0.5), (0, _INFINITE)),
    "infinite risk": ((0, 1.5), (0.5, -1)),
    "I": ((0, _INFINITE), (0.5, 0.5)),
    "Ic, IVb": ((0.25, 0.25), (0.5, _INFINITE)),
    "IVb, IVa": ((_STEEP, _STEEP), (0.5, _INFINITE)),
    "II, III": ((0.5, _INFINITE), (0.5, _INFINITE)),
}
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
