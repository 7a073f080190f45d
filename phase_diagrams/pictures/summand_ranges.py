"""The three ranges of the noise summand of memory 1, eq. (26) of arXiv 2410.04228, as drawn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import dashed, in_points
from sgdmem.phase_diagrams.pictures.palette import BLACK, GREEN
from sgdmem.phase_diagrams.pictures.placement import BOX
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndefinedError

if TYPE_CHECKING:
    import xarray

_PLACES = 0.5, 0.35, 0.65, 0.2, 0.8  # of a name along its range
_POINTS = 100  # of a line
_APART = 4.0  # factor between the ends of ranges that can be told apart


def memory_one_ranges(algorithm: Algorithm) -> list[tuple[float, float, Any, Any, Any]]:
    """Return begin, end, the leading term, and its and the end's formulas, on the three ranges.

    None of them if they do not follow each other at some distance.
    """
    if algorithm.memory != 1:
        return []
    import sympy

    from sgdmem.symbolic.systems.memory_one import regions

    det_D, _, Q, _ = algorithm.polynomials
    try:
        rate = algorithm.effective_learning_rate
    except UndefinedError:
        return []
    coordinates = rate, Q[0], sum(det_D)
    if not all(to_float(value) > 0 for value in coordinates):
        return []
    names = r"\alpha_{\mathrm{eff}} q_0 \delta \lambda"
    letters = sympy.symbols(names, positive=True)
    values = dict(zip(letters, map(sympy.sympify, coordinates), strict=False))
    found = []
    for region in regions(*letters):
        begins, ends = (float(end.subs(values)) for end in (region.begins, region.ends))
        term = sympy.lambdify(letters[3], region.summand.subs(values), "numpy")
        found.append((begins, ends, term, region.summand, region.ends))
    corners = [end for _, end, *_ in found]
    apart = all(high > _APART * low for low, high in pairwise(corners))
    return found if apart and to_float(sum(det_D)) < 1 / _APART else []


def ranges_within(parts: list[Any], left: float, right: float) -> dict[str, Any]:
    """Return the variables of a dataset that say what is seen of the ranges between two ends."""
    seen = [part for part in parts if max(part[0], left) < min(part[1], right)]
    if not seen:
        return {}
    places, terms = [], []
    for begins, ends, term, *_ in seen:
        places.append(np.geomspace(max(begins, left), min(ends, right), _POINTS))
        with np.errstate(divide="ignore"):
            values = np.broadcast_to(np.asarray(term(places[-1]), dtype=float), _POINTS)
        terms.append(np.where(np.isfinite(values) & (values > 0), values, np.nan))
    said = {
        "range_eigenvalue": (("range", "range_point"), places, "eigenvalue"),
        "range_summand": (("range", "range_point"), terms, "leading term of the noise summand"),
        "range_end": ("range", [part[1] for part in seen], "where a range ends"),
        "range_formula": ("range", [_latex(part[3]) for part in seen], "leading term"),
        "range_end_formula": ("range", [_latex(part[4]) for part in seen], "end of a range"),
    }
    return {
        name: (dims, values, {"long_name": text, "known": "proved"})
        for name, (dims, values, text) in said.items()
    }


def draw_ranges(ax: Any, data: xarray.Dataset) -> None:
    """Draw the leading terms and the ends of the ranges."""
    left, right = ax.get_xlim()
    label: str | None = "its ranges, eq. (26)"
    for lam, values, _, ends, _ in _seen(data):
        named("range", *ax.plot(lam, values, label=label, zorder=5, **dashed()))
        label = None
        if left < ends < right:
            named("range-end", ax.axvline(ends, color=GREEN, linewidth=in_points(0.8), zorder=1))


def name_ranges(ax: Any, data: xarray.Dataset, curve: Any = None) -> None:
    """Write the formulas of the ends of the ranges and of the leading terms.

    A term stands above its line, or below if there is no room, at its middle or beside that, away
    from a curve; or nowhere.
    """
    left, right = ax.get_xlim()
    frame = ax.get_window_extent()
    shown = list(_seen(data))
    taken = []
    for *_, ends, end in shown:
        if left < ends < right:
            style = {"ha": "right", "va": "bottom", "color": GREEN}
            at_axis = ax.get_xaxis_transform()
            text = ax.text(ends, 0.05, f"${end}$ ", transform=at_axis, **style)
            taken.append(text.get_window_extent())
    for lam, values, formula, *_ in shown:
        for part, (away, side) in product(_PLACES, ((14, "bottom"), (-14, "top"))):
            place = lam[0] ** (1 - part) * lam[-1] ** part
            value = float(np.interp(place, lam, values))
            text = ax.annotate(
                f"${formula}$",
                (place, value),
                (0, in_points(away)),
                textcoords="offset points",
                ha="center",
                va=side,
                color=BLACK,
                bbox=BOX,
                zorder=6,
            )
            box = text.get_window_extent()
            inside = frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and not any(map(box.overlaps, taken)) and not _crosses(box, curve):
                named("range-name", text)
                taken.append(box)
                break
            text.remove()


def _crosses(box: Any, curve: Any) -> bool:
    """Whether a line runs through a box."""
    return curve is not None and bool(
        curve.get_transform().transform_path(curve.get_path()).intersects_bbox(box, filled=False)
    )


def _seen(data: xarray.Dataset) -> Iterator[tuple[Array, Array, str, float, str]]:
    """Yield the leading term where it is seen, the formulas, and the end, range by range."""
    if "range_end" not in data:
        return
    for place in range(data.sizes["range"]):
        one = data.isel(range=place)
        lam, values = one["range_eigenvalue"].values, one["range_summand"].values
        seen = np.isfinite(values)
        formula, end = (str(one[name].values) for name in ("range_formula", "range_end_formula"))
        yield lam[seen], values[seen], formula, float(one["range_end"]), end


def _latex(formula: Any) -> str:
    """Return a fraction without a minus sign in front."""
    import sympy

    top, bottom = sympy.fraction(formula)
    if top.could_extract_minus_sign():
        top, bottom = -top, -bottom
    if bottom == 1:
        return str(sympy.latex(top))
    return rf"\frac{{{sympy.latex(top)}}}{{{sympy.latex(bottom, order='rev-lex')}}}"
