"""The colours of maps: of verdicts and their causes, of words, of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.scales import scale_of, to_places
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.phase_diagrams.maps.quantities import BOUNDS, NOT_YET
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.labels import noise_measure
from sgdmem.phase_diagrams.pictures.palette import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LIGHT_BLUE,
    LIGHT_GREY,
    LIGHT_ORANGE,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
)

_NOISELESS, _NOISY, _UNDECIDED = LIGHT_GREY, RED, BLACK
# Colours, and patterns that tell apart in black and white what colours do.
_CAUSES = {
    "diverges without noise": (_NOISELESS, ""),
    "diverges by noise": (_NOISY, "////"),
    "undecided": (_UNDECIDED, ""),
    "not computed yet": ("white", ""),
    "stable": (LIGHT_BLUE, ""),
}
_FLAGS = {  # reasons, regimes, and whether it is stable without noise
    "not_computed": ("white", ""),
    "unstable": (_NOISELESS, ""),
    "stable": (BLUE, ""),
    "noiseless": (_NOISELESS, ""),
    "no_pull": (SKY, "...."),
    "noise_sum": (_NOISY, "////"),
    "mode_noise": (PURPLE, "xxxx"),
    "trace_diverges": (YELLOW, "----"),
    "squares_diverge": (ORANGE, "||||"),
    "boundary": (GREEN, "oooo"),
    "signal-dominated": (LIGHT_BLUE, ""),
    "border": (_UNDECIDED, ""),
    "noise-dominated": (LIGHT_ORANGE, "...."),
    "eventual_divergence": ("#d9d9de", "////"),
    "immediate_divergence": ("#a9a9b2", ""),
}
_WORDS = {  # what flags are called in a picture
    "noiseless": "diverges without noise",
    "no_pull": "gradients do nothing",
    "noise_sum": "diverges by noise",
    "mode_noise": "one mode's noise grows",
    "trace_diverges": "eigenvalues without a sum",
    "squares_diverge": "squares without a sum",
    "unphysical_noise": "noise of no data",
    "boundary": "on the boundary",
}
_QUANTITIES = {
    "noise_sum": r"noise sum $U'_\Sigma$",
    "margin": r"margin, $\min(1-U'_\Sigma,\;1+\tau_2s/B)$",
    "loss_exponent": r"exponent $p$ of the loss $t^{-p}$",
}
_NONE = "xxxx"  # where there is no number
_DECADES = 3  # of noise sums, at most
_MANY_SIZES = 1000  # ratio of the largest and the smallest value of a logarithmic colour scale
_MANY_CELLS = 500_000
_EVEN = 1e-6  # of the steps of an axis
_MOST_FOR_LINES = 1000  # points along an axis: fewer than a picture has pixels
BRIGHTEST = 0.9  # of the colour map: its yellow would vanish beside the neighbours


_LEVELS = (0.1, 0.5)  # of the noise sum, that have lines


class Shown(NamedTuple):
    """What a map shows by its colours.

    Attributes
    ----------
    mesh
        Of numbers, for a colour bar; None if there is none.
    label
        Of the colour bar.
    kinds : dict from str to matplotlib patch
        What else there is, as a legend shows it.
    regions : dict from str to array of bool
        What may be named in the map.
    levels : list of float
        Of the noise sum, that have lines.
    """

    mesh: Any
    label: str
    kinds: dict[str, Any]
    regions: dict[str, Array]
    levels: Sequence[float] = ()


def paint(
    diagram: Labelled, ax: Any, quantity: str, edges: tuple[Array, Array], least: float | None
) -> Shown:
    """Colour the cells of a map by a quantity of it, the verdict by its noise sum and causes.

    ``least`` is where the colours of noise sums begin, see `least_shown`.
    """
    if quantity == "stable":
        return _verdicts(diagram, ax, edges, least)
    if "flag_meanings" in diagram[quantity].attrs:
        return _flags(diagram[quantity], ax, edges)
    return _values(diagram[quantity], ax, edges)


def least_shown(diagram: Labelled) -> float | None:
    """Return where the colours of noise sums begin: a power of ten; None if none is positive."""
    if "noise_sum" not in diagram:  # of verdicts only
        return None
    sums = noise_sums(diagram)[diagram.stable.values == 1]
    sums = sums[sums > 0]  # without noise there are none
    if not sums.size:
        return None
    return float(10.0 ** np.clip(np.floor(np.log10(sums.min())), -_DECADES, -1))


def noise_sums(diagram: Labelled) -> Array:
    """Return the noise sums of a map; of samples their estimates, as bounds only decide."""
    bounded = {*BOUNDS} <= {*diagram}
    values: Array = diagram["noise_sum_estimate" if bounded else "noise_sum"].values
    return values


def _verdicts(diagram: Labelled, ax: Any, edges: tuple[Array, Array], least: float | None) -> Shown:
    """Draw noise sums where it is stable, and causes where it is not."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, LogNorm

    stable = diagram.stable.values == 1
    causes = _kinds(diagram)
    regions = {name: causes == kind for kind, name in enumerate(_CAUSES)}
    if least is None:
        return Shown(None, "", _paint_kinds(ax, edges, causes, _CAUSES), regions)
    sums = noise_sums(diagram)
    # what is stable without a noise sum that is told has the look of a map of verdicts
    kinds = _paint_kinds(ax, edges, np.where(stable & ~np.isnan(sums), -1, causes), _CAUSES)
    shades: Any = ListedColormap(colormaps["viridis"](np.linspace(0, BRIGHTEST, 256)))
    shades.colorbar_extend = "min" if (sums[stable] < least).any() else "neither"
    inside = np.ma.masked_where(~stable, np.maximum(sums, least))
    mesh = _cells(ax, edges, inside, cmap=shades, norm=LogNorm(least, 1))
    named("map", mesh)
    bounded = {*BOUNDS} <= {*diagram}
    measure = noise_measure(diagram)
    known = _QUANTITIES["noise_sum"] if measure == "noise sum" else measure
    label = f"{known}, estimated" if bounded else f"{known} where stable"
    return Shown(mesh, label, kinds, regions, [level for level in _LEVELS if level > least])


def colour_cells(ax: Any, edges: tuple[Array, Array], codes: Array, colours: Sequence[str]) -> Any:
    """Give each cell of a map the colour that has its number; return the mesh."""
    from matplotlib.colors import ListedColormap

    ends = {"vmin": -0.5, "vmax": len(colours) - 0.5}
    return _cells(ax, edges, codes, cmap=ListedColormap(colours), **ends)


def _cells(ax: Any, edges: tuple[Array, Array], values: Array, **style: Any) -> Any:
    """Colour the cells of a map; many that are equal on paper as an image, which is far quicker."""
    scales = [scale_of(ends) for ends in edges]
    steps = [np.diff(to_places(ends, scale)) for ends, scale in zip(edges, scales, strict=True)]
    if values.size < _MANY_CELLS or any(np.ptp(some) > _EVEN * some.mean() for some in steps):
        return ax.pcolormesh(*edges, values, rasterized=True, **style)
    (left, right), (low, high) = ((ends[0], ends[-1]) for ends in edges)
    return _image(ax, (left, low, right, high), values, **style)


def _image(ax: Any, ends: tuple[float, float, float, float], values: Array, **style: Any) -> Any:
    """Draw an image between two corners, whose cells are equal on paper on any scale."""
    from matplotlib.image import BboxImage
    from matplotlib.transforms import Bbox, TransformedBbox

    place = TransformedBbox(Bbox.from_extents(*ends), ax.transData)
    limits = {name: style.pop(name, None) for name in ("vmin", "vmax")}
    image = BboxImage(place, interpolation="nearest", origin="lower", **style)
    image.set_data(values)
    image.set_clim(**limits)
    image.autoscale_None()
    image.set_in_layout(False)
    ax.add_artist(image)
    ax.update_datalim([ends[:2], ends[2:]])
    image.sticky_edges.x[:], image.sticky_edges.y[:] = ends[::2], ends[1::2]
    ax.autoscale_view()
    return image


def coarse(length: int) -> int:
    """Return the step at which lines and patterns know the points of an axis of a map."""
    return -(-length // _MOST_FOR_LINES)


def hatch(ax: Any, edges: tuple[Array, Array], mask: Array, pattern: str, colour: str) -> Any:
    """Draw a pattern over some cells of a map; return it, None where a map is a line."""
    if not mask.any() or min(mask.shape) < 2:
        return None
    places = []
    for axis, ends in enumerate(reversed(edges)):
        step = coarse(mask.shape[axis])
        starts = np.arange(0, mask.shape[axis], step)
        mask = mask.take(np.minimum(starts + step // 2, mask.shape[axis] - 1), axis)
        corners = ends[np.append(starts, len(ends) - 1)]
        places.append(np.repeat(corners, 2)[1:-1])  # each cell has corners of its own
    y, x = places
    cells = mask.repeat(2, axis=0).repeat(2, axis=1).astype(float)
    style: dict[str, Any] = {"colors": "none", "hatches": [pattern]}
    hatched = ax.contourf(x, y, cells, levels=[0.5, 1.5], **style)
    hatched.set(edgecolor=colour, linewidth=0)
    return hatched


def _paint_kinds(
    ax: Any,
    edges: tuple[Array, Array],
    codes: Array,
    looks: Mapping[str, tuple[str, str]],
) -> dict[str, Any]:
    """Give points that have a number from 0 the look of that place; return looks for a legend."""
    from matplotlib.patches import Patch

    colours = [colour for colour, _ in looks.values()]
    named("kinds", colour_cells(ax, edges, np.ma.masked_less(codes, 0), colours))
    shown = {}
    for code, (name, (colour, pattern)) in enumerate(looks.items()):
        if not (codes == code).any():
            continue
        ink = _ink(colour)
        style: dict[str, Any] = {"linewidth": 0, "label": name}
        shown[name] = Patch(facecolor=colour, edgecolor=ink, hatch=pattern or None, **style)
        if pattern:
            hatched = hatch(ax, edges, codes == code, pattern, ink)
            if hatched is not None:
                named("pattern", hatched)
    return shown


def _ink(colour: str) -> str:
    """Return what a pattern on a colour is drawn in."""
    from matplotlib.colors import to_rgb

    return "white" if float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114))) < 0.7 else GREY


def _kinds(diagram: Labelled) -> Array:
    """Return the place in `_CAUSES` of what happens at a point."""
    stable = diagram.stable.values
    noiseless = (stable == 0) & (diagram.noiseless.values == 0)
    return np.select(
        [noiseless, stable == -1, stable == NOT_YET, stable == 1], [0, 2, 3, 4], default=1
    )


def _flags(values: Any, ax: Any, edges: tuple[Array, Array]) -> Shown:
    """Draw a quantity whose numbers stand for words."""
    names = values.attrs["flag_meanings"].split()
    codes = np.full(values.shape, -1)  # places among the meanings, whatever numbers they have
    for place, flag in enumerate(np.atleast_1d(values.attrs["flag_values"])):
        codes[values.values == flag] = place
    looks = {
        _WORDS.get(name, name.replace("_", " ")): _FLAGS.get(name, (_UNDECIDED, ""))
        for name in names
    }
    kinds = _paint_kinds(ax, edges, codes, looks)
    regions = {word: codes == code for code, word in enumerate(looks)}
    return Shown(None, "", kinds, {word: regions[word] for word in kinds})


def _values(values: Any, ax: Any, edges: tuple[Array, Array]) -> Shown:
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
    mesh = _cells(ax, edges, shown, cmap=shades, norm=norm)
    named("map", mesh)
    label = _QUANTITIES.get(str(values.name), str(values.attrs.get("long_name", values.name)))
    infinite = np.isinf(values.values).any()
    if known.size == shown.size:
        return Shown(mesh, label, {}, {})
    crossed = hatch(ax, edges, np.ma.getmaskarray(shown), _NONE, GREY)  # the colours have greys too
    if crossed is not None:
        named("pattern", crossed)
    return Shown(mesh, f"{label}; crossed: {'infinite' if infinite else 'none'}", {}, {})
