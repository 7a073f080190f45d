"""The colours of maps: of verdicts and their causes, of words, of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.maps.quantities import BOUNDS, NOT_YET
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.palette import (
    BLACK,
    BLUE,
    LIGHT_BLUE,
    LIGHT_GREY,
    LIGHT_ORANGE,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
)
from sgdmem.phase_diagrams.pictures.placement import MapRegion

if TYPE_CHECKING:
    import xarray

_NOISELESS, _NOISY, _UNDECIDED = LIGHT_GREY, RED, BLACK
_CAUSES = (
    ("diverges without noise", _NOISELESS),
    ("diverges by mini-batch noise", _NOISY),
    ("undecided", _UNDECIDED),
    ("not computed yet", "white"),
)
_FLAGS = {  # reasons, regimes, and whether it is stable without noise
    "not_computed": "white",
    "unstable": _NOISELESS,
    "stable": BLUE,
    "noiseless": _NOISELESS,
    "no_pull": SKY,
    "noise_sum": _NOISY,
    "mode_noise": PURPLE,
    "trace_diverges": YELLOW,
    "squares_diverge": ORANGE,
    "signal-dominated": LIGHT_BLUE,
    "border": _UNDECIDED,
    "noise-dominated": LIGHT_ORANGE,
    "eventual_divergence": "#d9d9de",
    "immediate_divergence": "#a9a9b2",
}
_WORDS = {"noiseless": _CAUSES[0][0], "noise_sum": _CAUSES[1][0]}  # where flags would mislead
_QUANTITIES = {
    "noise_sum": r"noise sum $U'_\Sigma$",
    "margin": r"margin, $\min(1-U'_\Sigma,\;1+\tau_2s/B)$",
    "loss_exponent": r"exponent $p$ of the loss $t^{-p}$",
}
_MANY_SIZES = 1000  # ratio of the largest and the smallest value of a logarithmic colour scale
BRIGHTEST = 0.9  # of the colour map: its yellow would vanish beside the neighbours


class Shown(NamedTuple):
    """What a map shows by its colours: numbers with a label, and kinds of points."""

    mesh: Any
    label: str
    kinds: dict[str, str]
    regions: dict[str, MapRegion]


def paint(diagram: xarray.Dataset, ax: Any, quantity: str, edges: tuple[Array, Array]) -> Shown:
    """Colour the cells of a map by a quantity of it, the verdict by its noise sum and causes."""
    if quantity == "stable":
        return _verdicts(diagram, ax, edges)
    if "flag_meanings" in diagram[quantity].attrs:
        return _flags(diagram[quantity], ax, edges)
    return _values(diagram[quantity], ax, edges)


def _verdicts(diagram: xarray.Dataset, ax: Any, edges: tuple[Array, Array]) -> Shown:
    """Draw noise sums where it is stable, and causes where it is not."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    bounded = {*BOUNDS} <= {*diagram}  # on samples the bounds only decide
    stable = diagram.stable.values
    noise_sum = diagram["noise_sum_estimate" if bounded else "noise_sum"].values
    kinds = _kinds(diagram)
    present = [kind for kind in range(len(_CAUSES)) if ((kinds == kind) & (stable != 1)).any()]
    masked = np.ma.masked_where(stable == 1, kinds)
    named("kinds", colour_cells(ax, edges, masked, [colour for _, colour in _CAUSES]))
    inside = np.ma.masked_where(stable != 1, noise_sum)
    shades = ListedColormap(colormaps["viridis"](np.linspace(0, BRIGHTEST, 256)))
    mesh = ax.pcolormesh(*edges, inside, cmap=shades, vmin=0, vmax=1, rasterized=True)
    named("map", mesh)
    kinds_shown = dict(_CAUSES[kind] for kind in present)
    label = r"noise sum $U'_\Sigma$ where stable"
    label = "noise radius, estimated" if bounded else label
    return Shown(mesh, label, kinds_shown, verdict_regions(diagram))


def colour_cells(ax: Any, edges: tuple[Array, Array], codes: Array, colours: Sequence[str]) -> Any:
    """Give each cell of a map the colour that has its number; return the mesh."""
    from matplotlib.colors import ListedColormap

    ends = {"vmin": -0.5, "vmax": len(colours) - 0.5}
    return ax.pcolormesh(*edges, codes, cmap=ListedColormap(colours), rasterized=True, **ends)


def _kinds(diagram: xarray.Dataset) -> Array:
    """Return the place in `_CAUSES` of why a point is not stable."""
    stable = diagram.stable.values
    noiseless = (stable == 0) & (diagram.noiseless.values == 0)
    return np.select([noiseless, stable == -1, stable == NOT_YET], [0, 2, 3], default=1)


def verdict_regions(diagram: xarray.Dataset) -> dict[str, MapRegion]:
    """Return the regions of a map by what happens there, with their colours in `draw`."""
    stable = diagram.stable.values == 1
    kinds = np.where(stable, -1, _kinds(diagram))
    regions = {"stable": MapRegion(stable, None)}
    for kind, (label, colour) in enumerate(_CAUSES):
        regions[label.replace("mini-batch ", "")] = MapRegion(kinds == kind, colour)
    return regions


def _flags(values: xarray.DataArray, ax: Any, edges: tuple[Array, Array]) -> Shown:
    """Draw a quantity whose numbers stand for words."""
    names = values.attrs["flag_meanings"].split()
    colours = [_FLAGS.get(name, _UNDECIDED) for name in names]
    codes = np.full(values.shape, -1)  # places among the meanings, whatever numbers they have
    for place, flag in enumerate(np.atleast_1d(values.attrs["flag_values"])):
        codes[values.values == flag] = place
    named("kinds", colour_cells(ax, edges, np.ma.masked_less(codes, 0), colours))
    words = {
        code: _WORDS.get(names[code], names[code].replace("_", " "))
        for code in np.unique(codes[codes >= 0]).tolist()
    }
    kinds = {word: colours[code] for code, word in words.items()}
    regions = {
        word.replace("mini-batch ", ""): MapRegion(codes == code, colours[code])
        for code, word in words.items()
    }
    return Shown(None, "", kinds, regions)


def _values(values: xarray.DataArray, ax: Any, edges: tuple[Array, Array]) -> Shown:
    """Draw numbers, by their logarithm if they are positive and of many sizes."""
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize

    shown = np.ma.masked_invalid(values.values)
    known = shown.compressed()
    positive = known[known > 0]
    wide = positive.size == known.size > 0 and positive.max() > _MANY_SIZES * positive.min()
    shades = colormaps["viridis"].with_extremes(bad=_NOISELESS)
    norm: Any = LogNorm() if wide else None
    if values.name == "margin":
        norm = Normalize(-1, 1)  # far below the edge it says nothing
    mesh = ax.pcolormesh(*edges, shown, cmap=shades, norm=norm, rasterized=True)
    named("map", mesh)
    label = _QUANTITIES.get(str(values.name), str(values.attrs.get("long_name", values.name)))
    infinite = np.isinf(values.values).any()
    none = f"; grey: {'infinite' if infinite else 'none'}" if known.size < shown.size else ""
    return Shown(mesh, label + none, {}, {})
