"""The picture of a phase diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.maps.quantities import NOT_YET, VERDICT
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.labels import axis_label, title
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
from sgdmem.phase_diagrams.pictures.placement import MapRegion, name_regions
from sgdmem.symbolic.errors import InputError

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
_QUANTITIES = {
    "noise_sum": r"noise sum $U'_\Sigma$",
    "margin": r"margin, $\min(1-U'_\Sigma,\;1+\tau_2s/B)$",
    "loss_exponent": r"exponent $p$ of the loss $t^{-p}$",
}
LEGEND: dict[str, Any] = {
    "loc": "upper center",
    "bbox_to_anchor": (0.5, -0.14),
    "frameon": False,
    "fontsize": "small",
}
_MOST_COLUMNS = 3  # of a series
_MOST_CELLS = 2000  # along an axis of a picture
_MANY_SIZES = 1000  # ratio of the largest and the smallest value of a logarithmic colour scale
_NO_STEP = 1e-6  # relative
BRIGHTEST = 0.9  # of the colour map: its yellow would vanish beside the neighbours


def draw(
    diagram: xarray.Dataset,
    ax: Any = None,
    *,
    quantity: str = "stable",
    annotate: bool = True,
    explained: bool = True,
) -> Any:
    """Draw a phase diagram.

    The verdict is shown by the noise sum where it is stable and by the cause where it is not,
    another quantity by its values with a line where stability ends. Axes are logarithmic whose
    values are in a geometric progression.

    Parameters
    ----------
    diagram : xarray.Dataset
        From `phase_diagram`, or read from a file; one map of a series.
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise.
    quantity : str
        A variable of the diagram. Of maps with more than 2000 points along an axis every k-th one
        is read and drawn.
    annotate : bool
        Whether regions of the verdict, or of the reasons, have their names in them where there is
        room.
    explained : bool
        Whether a legend and a colour bar are added.

    Returns
    -------
    matplotlib axes
        With the `artists` ``map`` (colours of numbers), ``kinds`` (colours of causes or reasons),
        ``edge`` (the line where stability ends) and ``region-name``.

    Raises
    ------
    InputError
        If the diagram has no such variable, or is a series.

    Examples
    --------
    >>> import sgdmem
    >>> diagram = sgdmem.phase_diagram(
    ...     "heavy-ball",
    ...     sgdmem.Spectrum([1, 0.5]),
    ...     8,
    ...     x=("learning_rate", [0.1, 1, 10]),
    ...     y=("momentum", [0, 0.9]),
    ... )
    >>> axes = draw(diagram)
    >>> axes.get_xscale()
    'log'
    >>> axes.figure.savefig("heavy-ball.png")  # doctest: +SKIP
    """
    diagram = _thinned(diagram, quantity)
    if diagram.stable.ndim != 2:
        raise InputError("diagram must be one map: a series is drawn by draw_series")
    ax = new_axes() if ax is None else ax
    axes = [str(name) for name in diagram.stable.dims]
    shown = _draw(diagram, ax, quantity, annotate)
    if explained and shown.mesh is not None:
        ax.figure.colorbar(shown.mesh, ax=ax, label=shown.label)
    ax.set_title(title(diagram, axes), fontsize="medium")
    if explained and shown.kinds:
        ax.legend(handles=_patches(shown.kinds), **LEGEND, ncols=min(len(shown.kinds), 3))
    return ax


def new_axes() -> Any:
    """Return axes of a figure of their own, with room for labels and a legend."""
    from matplotlib.figure import Figure

    return Figure(figsize=(6.4, 4.8), layout="constrained").add_subplot()


def _thinned(diagram: xarray.Dataset, quantity: str) -> xarray.Dataset:
    """Return what a picture can show of a diagram, in memory: of large maps every k-th point."""
    if quantity not in diagram.data_vars:
        names = ", ".join(map(str, diagram.data_vars))
        raise InputError(f"quantity must be among {names}, got {quantity!r}")
    for name in diagram.stable.dims[-2:]:
        values = diagram[name].values
        if not np.isfinite(values).all():
            raise InputError(
                f"{name} = {values[~np.isfinite(values)][0]:g} has no place on an axis; "
                "leave it out, or make it one of the panels"
            )
        if (np.diff(values) <= 0).any():
            diagram = diagram.drop_duplicates(name).sortby(name)
    steps = {name: -(-diagram.sizes[name] // _MOST_CELLS) for name in diagram.stable.dims[-2:]}
    parts = {name: slice((step - 1) // 2, None, step) for name, step in steps.items() if step > 1}
    return diagram[[*dict.fromkeys((*VERDICT, quantity))]].isel(parts).load()


class _Shown(NamedTuple):
    """What a map shows by its colours: numbers with a label, and kinds of points."""

    mesh: Any
    label: str
    kinds: dict[str, str]
    regions: dict[str, MapRegion]


def _draw(diagram: xarray.Dataset, ax: Any, quantity: str, annotate: bool) -> _Shown:
    """Draw a map without title, colour bar and legend."""
    y_name, x_name = map(str, diagram.stable.dims)
    x, y = diagram[x_name].values, diagram[y_name].values
    edges = cell_edges(x), cell_edges(y)
    if quantity == "stable":
        shown = _verdicts(diagram, ax, edges)
    elif "flag_meanings" in diagram[quantity].attrs:
        shown = _flags(diagram[quantity], ax, edges)
    else:
        shown = _values(diagram[quantity], ax, edges)
    stable = diagram.stable.values
    is_plane = min(stable.shape) > 1
    if is_plane and (stable == 1).any() and (stable != 1).any():
        excess = np.clip(-diagram.margin.values, -1, 1)  # smoother than the verdicts themselves
        edge = ax.contour(x, y, excess, levels=[0.0], colors="black", linewidths=1)
        named("edge", edge)
    if _is_geometric(x):
        ax.set_xscale("log")
    if _is_geometric(y):
        ax.set_yscale("log")
    ax.set(xlabel=axis_label(x_name), ylabel=axis_label(y_name))
    if annotate and is_plane:
        name_regions(ax, edges, shown.regions)
    return shown


def _patches(kinds: Mapping[str, str]) -> list[Any]:
    from matplotlib.patches import Patch

    return [Patch(color=colour, label=label) for label, colour in kinds.items()]


def draw_series(diagram: xarray.Dataset, *, quantity: str = "stable", annotate: bool = True) -> Any:
    """Draw a series of maps side by side.

    Parameters
    ----------
    diagram : xarray.Dataset
        From `phase_diagram` with ``panels``.
    quantity, annotate
        See `draw`.

    Returns
    -------
    matplotlib figure
        Its axes have the `artists` of `draw`.

    Examples
    --------
    >>> import sgdmem
    >>> series = sgdmem.phase_diagram(
    ...     "heavy-ball",
    ...     sgdmem.Spectrum([1, 0.5]),
    ...     x=("learning_rate", [0.1, 1, 10]),
    ...     y=("momentum", [0, 0.9]),
    ...     panels=("batch_size", [1, 8]),
    ... )
    >>> [ax.get_title() for ax in draw_series(series).axes[:2]]
    ['batch size $B$ = 1', 'batch size $B$ = 8']
    """
    from matplotlib.figure import Figure

    diagram = _thinned(diagram, quantity)
    if diagram.stable.ndim != 3:
        raise InputError("diagram must be a series: a single map is drawn by draw")
    panels, y_name, x_name = map(str, diagram.stable.dims)
    values = diagram[panels].values
    rows = -(-len(values) // _MOST_COLUMNS)
    columns = -(-len(values) // rows)
    size = (1 + 3.6 * columns, 0.6 + 3.4 * rows)
    figure = Figure(figsize=size, layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    kinds: dict[str, str] = {}
    drawn = []
    for place, value in enumerate(values):
        ax = places[divmod(place, columns)]
        drawn.append(_draw(diagram.isel({panels: place}), ax, quantity, annotate))
        kinds |= drawn[-1].kinds
        ax.set_title(f"{axis_label(panels)} = {value:g}", fontsize="medium")
        ax.label_outer()
    for place in range(len(values), rows * columns):
        places[divmod(place, columns)].set_axis_off()
    meshes = [shown.mesh for shown in drawn if shown.mesh is not None]
    if meshes:
        ends = [end for mesh in meshes for end in mesh.get_clim()]
        for mesh in meshes:
            mesh.set_norm(meshes[0].norm)
            mesh.set_clim(min(ends), max(ends))
        figure.colorbar(meshes[0], ax=places.ravel().tolist(), label=drawn[0].label, shrink=0.8)
    if kinds:
        figure.legend(handles=_patches(kinds), loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle(title(diagram, (x_name, y_name, panels)), fontsize="medium")
    return figure


def _verdicts(diagram: xarray.Dataset, ax: Any, edges: tuple[Array, Array]) -> _Shown:
    """Draw noise sums where it is stable, and causes where it is not."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    stable, noise_sum = diagram.stable.values, diagram.noise_sum.values
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
    return _Shown(mesh, label, kinds_shown, verdict_regions(diagram))


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


def _flags(values: xarray.DataArray, ax: Any, edges: tuple[Array, Array]) -> _Shown:
    """Draw a quantity whose numbers stand for words."""
    names = values.attrs["flag_meanings"].split()
    colours = [_FLAGS.get(name, _UNDECIDED) for name in names]
    codes = np.full(values.shape, -1)  # places among the meanings, whatever numbers they have
    for place, flag in enumerate(np.atleast_1d(values.attrs["flag_values"])):
        codes[values.values == flag] = place
    named("kinds", colour_cells(ax, edges, np.ma.masked_less(codes, 0), colours))
    words = {code: names[code].replace("_", " ") for code in np.unique(codes[codes >= 0]).tolist()}
    kinds = {word: colours[code] for code, word in words.items()}
    regions = {word: MapRegion(codes == code, colours[code]) for code, word in words.items()}
    return _Shown(None, "", kinds, regions)


def _values(values: xarray.DataArray, ax: Any, edges: tuple[Array, Array]) -> _Shown:
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
    return _Shown(mesh, label + none, {}, {})


def _is_geometric(values: Array) -> bool:
    """Whether an axis is better shown on a logarithmic scale."""
    if len(values) < 3 or not (values > 0).all() or not np.isfinite(values).all():
        return False
    ratios = values[1:] / values[:-1]
    return bool(abs(ratios[0] - 1) > _NO_STEP and np.ptp(ratios) < _NO_STEP * ratios.max())


def cell_edges(values: Array) -> Array:
    """Return the edges of cells centred (on the axis's scale) at the values."""
    logarithmic = _is_geometric(values)
    points = np.log(values) if logarithmic else np.asarray(values, dtype=float)
    if len(points) == 1:
        ends = np.array([points[0] - 0.5, points[0] + 0.5])
    else:
        middle = (points[1:] + points[:-1]) / 2
        ends = np.concatenate([[2 * points[0] - middle[0]], middle, [2 * points[-1] - middle[-1]]])
    return np.exp(ends) if logarithmic else ends
