"""The picture of a phase diagram."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    import xarray

# Field symbols of the parameters that people plot.
_SYMBOLS = {
    "learning_rate": r"learning rate $\alpha$",
    "momentum": r"momentum $\beta$",
    "batch_size": r"batch size $B$",
    "damping": r"damping $\delta$",
    "effective_learning_rate": r"effective learning rate $\alpha_{\mathrm{eff}}$",
    "q0": r"$q_0$",
    "nu": r"$\nu$",
    "tau1": r"$\tau_1$",
    "tau2": r"$\tau_2$",
}
_OF_THE_DATA = ("sgdmem_version", "logarithmic", "tolerance", "x", "y")  # no settings of a problem
_NOISELESS, _NOISY, _UNDECIDED = "#b0b0b8", "#d55e00", "#000000"  # colour-blind safe (Okabe-Ito)
_REASONS = {
    "stable": "#0072b2",
    "noiseless": _NOISELESS,
    "no_pull": "#56b4e9",
    "noise_sum": _NOISY,
    "mode_noise": "#cc79a7",
    "trace_diverges": "#f0e442",
    "squares_diverge": "#e69f00",
}
LEGEND: dict[str, Any] = {
    "loc": "upper center",
    "bbox_to_anchor": (0.5, -0.14),
    "frameon": False,
    "fontsize": "small",
}
_MOST_COLUMNS = 3  # of a series
_MANY_SIZES = 1000  # ratio of the largest and the smallest value of a logarithmic colour scale
_NO_STEP = 1e-6  # relative
BRIGHTEST = 0.9  # of the colour map: its yellow would vanish beside the neighbours


def draw(diagram: xarray.Dataset, ax: Any = None, *, quantity: str = "stable") -> Any:
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
        A variable of the diagram.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    InputError
        If the diagram has no such variable, or is a series.

    Examples
    --------
    >>> import sgdmem
    >>> diagram = sgdmem.phase_diagram(
    ...     "heavy-ball",
    ...     ("learning_rate", [0.1, 1, 10]),
    ...     ("momentum", [0, 0.9]),
    ...     spectrum=sgdmem.Spectrum([1, 0.5]),
    ...     batch_size=8,
    ... )
    >>> axes = draw(diagram)
    >>> axes.get_xscale()
    'log'
    >>> axes.figure.savefig("heavy-ball.png")  # doctest: +SKIP
    """
    _require(diagram, quantity)
    if diagram.stable.ndim != 2:
        raise InputError("diagram must be one map: a series is drawn by draw_series")
    ax = new_axes() if ax is None else ax
    axes = [str(name) for name in diagram.stable.dims]
    shown = _draw(diagram, ax, quantity)
    if shown.mesh is not None:
        ax.figure.colorbar(shown.mesh, ax=ax, label=shown.label)
    ax.set_title(title(diagram, axes), fontsize="medium")
    if shown.kinds:
        ax.legend(handles=_patches(shown.kinds), **LEGEND, ncols=min(len(shown.kinds), 3))
    return ax


def new_axes() -> Any:
    """Return axes of a figure of their own, with room for labels and a legend."""
    from matplotlib.figure import Figure

    return Figure(figsize=(6.4, 4.8), layout="constrained").add_subplot()


def _require(diagram: xarray.Dataset, quantity: str) -> None:
    if quantity not in diagram.data_vars:
        names = ", ".join(map(str, diagram.data_vars))
        raise InputError(f"quantity must be among {names}, got {quantity!r}")


class _Shown(NamedTuple):
    """What a map shows by its colours: numbers with a label, and kinds of points."""

    mesh: Any
    label: str
    kinds: dict[str, str]


def _draw(diagram: xarray.Dataset, ax: Any, quantity: str) -> _Shown:
    """Draw a map without title, colour bar and legend."""
    y_name, x_name = map(str, diagram.stable.dims)
    x, y = diagram[x_name].values, diagram[y_name].values
    edges = _edges(x), _edges(y)
    if quantity == "stable":
        shown = _verdicts(diagram, ax, edges)
    elif quantity == "reason":
        shown = _reasons(diagram, ax, edges)
    else:
        shown = _values(diagram[quantity], ax, edges)
    stable = diagram.stable.values
    if min(stable.shape) > 1 and (stable == 1).any() and (stable != 1).any():
        excess = np.clip(-diagram.margin.values, -1, 1)  # smoother than the verdicts themselves
        ax.contour(x, y, excess, levels=[0.0], colors="black", linewidths=1)
    if _is_geometric(x):
        ax.set_xscale("log")
    if _is_geometric(y):
        ax.set_yscale("log")
    ax.set_xlabel(axis_label(x_name))
    ax.set_ylabel(axis_label(y_name))
    return shown


def _patches(kinds: Mapping[str, str]) -> list[Any]:
    from matplotlib.patches import Patch

    return [Patch(color=colour, label=label) for label, colour in kinds.items()]


def draw_series(diagram: xarray.Dataset, *, quantity: str = "stable") -> Any:
    """Draw a series of maps side by side.

    Parameters
    ----------
    diagram : xarray.Dataset
        From `phase_diagram` with ``panels``.
    quantity : str
        See `draw`.

    Returns
    -------
    matplotlib figure

    Examples
    --------
    >>> import sgdmem
    >>> series = sgdmem.phase_diagram(
    ...     "heavy-ball",
    ...     ("learning_rate", [0.1, 1, 10]),
    ...     ("momentum", [0, 0.9]),
    ...     spectrum=sgdmem.Spectrum([1, 0.5]),
    ...     panels=("batch_size", [1, 8]),
    ... )
    >>> [ax.get_title() for ax in draw_series(series).axes[:2]]
    ['batch size $B$ = 1', 'batch size $B$ = 8']
    """
    from matplotlib.figure import Figure

    _require(diagram, quantity)
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
        drawn.append(_draw(diagram.isel({panels: place}), ax, quantity))
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
    noiseless = (stable == 0) & np.isinf(noise_sum)
    kinds = np.select([noiseless, stable == -1], [0, 2], default=1)
    present = [kind for kind in range(3) if ((kinds == kind) & (stable != 1)).any()]
    ax.pcolormesh(
        *edges,
        np.ma.masked_where(stable == 1, kinds),
        cmap=ListedColormap([_NOISELESS, _NOISY, _UNDECIDED]),
        vmin=-0.5,
        vmax=2.5,
        rasterized=True,
    )
    inside = np.ma.masked_where(stable != 1, noise_sum)
    shades = ListedColormap(colormaps["viridis"](np.linspace(0, BRIGHTEST, 256)))
    mesh = ax.pcolormesh(*edges, inside, cmap=shades, vmin=0, vmax=1, rasterized=True)
    labels = ["diverges without noise", "diverges by mini-batch noise", "undecided"]
    colors = [_NOISELESS, _NOISY, _UNDECIDED]
    kinds_shown = {labels[kind]: colors[kind] for kind in present}
    return _Shown(mesh, r"noise sum $U'_\Sigma$ where stable", kinds_shown)


def _reasons(diagram: xarray.Dataset, ax: Any, edges: tuple[Array, Array]) -> _Shown:
    from matplotlib.colors import ListedColormap

    codes = diagram.reason.values
    names = diagram.reason.attrs["flag_meanings"].split()
    colours = [_REASONS.get(name, _UNDECIDED) for name in names]
    ax.pcolormesh(
        *edges,
        codes,
        cmap=ListedColormap(colours),
        vmin=-0.5,
        vmax=len(names) - 0.5,
        rasterized=True,
    )
    present = np.unique(codes).tolist()
    return _Shown(None, "", {names[code].replace("_", " "): colours[code] for code in present})


def _values(values: xarray.DataArray, ax: Any, edges: tuple[Array, Array]) -> _Shown:
    """Draw numbers, by their logarithm if they are positive and of many sizes."""
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm

    shown = np.ma.masked_invalid(values.values)
    known = shown.compressed()
    positive = known[known > 0]
    wide = positive.size == known.size > 0 and positive.max() > _MANY_SIZES * positive.min()
    shades = colormaps["viridis"].with_extremes(bad=_NOISELESS)
    norm = LogNorm() if wide else None
    mesh = ax.pcolormesh(*edges, shown, cmap=shades, norm=norm, rasterized=True)
    label = str(values.attrs.get("long_name", values.name))
    none = "; grey: none" if known.size < shown.size else ""
    return _Shown(mesh, label + none, {})


def _is_geometric(values: Array) -> bool:
    """Whether an axis is better shown on a logarithmic scale."""
    if len(values) < 3 or not (values > 0).all() or not np.isfinite(values).all():
        return False
    ratios = values[1:] / values[:-1]
    return bool(abs(ratios[0] - 1) > _NO_STEP and np.ptp(ratios) < _NO_STEP * ratios.max())


def _edges(values: Array) -> Array:
    """Return the edges of cells centred (on the axis's scale) at the values."""
    logarithmic = _is_geometric(values)
    points = np.log(values) if logarithmic else np.asarray(values, dtype=float)
    if len(points) == 1:
        ends = np.array([points[0] - 0.5, points[0] + 0.5])
    else:
        middle = (points[1:] + points[:-1]) / 2
        ends = np.concatenate([[2 * points[0] - middle[0]], middle, [2 * points[-1] - middle[-1]]])
    return np.exp(ends) if logarithmic else ends


def axis_label(parameter: str) -> str:
    """Return what is written at the axis of a parameter."""
    return _SYMBOLS.get(parameter, parameter.replace("_", " "))


def title(data: xarray.Dataset, varying: Sequence[str]) -> str:
    """Return the algorithm with its fixed parameters, the noise and the spectrum, on two lines."""
    shown = {**data.attrs, **dict.fromkeys([*varying, *_OF_THE_DATA], None)}
    name = str(shown.pop("algorithm", "")).replace("_", " ").replace("-", " ")
    spectrum = re.sub(r"k\^-([\d.]+)", r"$k^{-\1}$", str(shown.pop("spectrum", "")))
    size, tau1, tau2 = (shown.pop(key, None) for key in ("batch_size", "tau1", "tau2"))
    fixed = [
        f"{_SYMBOLS.get(key, key).rpartition(' ')[2]} = {value}"
        for key, value in shown.items()
        if value is not None
    ]
    full = size in ("inf", "oo")
    noise = [] if size is None else ["full batches" if full else f"batch size {size}"]
    if not full:
        noise += [
            rf"$\{name}_{place}$ = {value}"
            for name, place, value in (("tau", 1, tau1), ("tau", 2, tau2))
            if value is not None
        ]
    return f"{', '.join([name, *fixed, *noise])}\n{spectrum}"
