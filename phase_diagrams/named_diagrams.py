r"""The phase diagrams that have a name in the field, each by one call.

"learning-rate-momentum"
    Where a family with momentum is stable, for several batch sizes.
"damping-effective-rate"
    Memory 1 in the coordinates of Theorem 6 of arXiv 2410.04228, at a given :math:`q_0`: its
    triangle (in :math:`\delta`, :math:`\delta\alpha_{\mathrm{eff}}`), the accelerated region of
    Theorem 7, and the lines at which the largest eigenvalue comes into the second and the third of
    the ranges of eq. (26).
"spectral-zones"
    These three ranges for one method of that plane.
"batch-size-learning-rate"
    The two edges of stability: small batches bound the learning rate in proportion to the batch
    size, by the trace of the Hessian; large ones by its largest eigenvalue (arXiv 2604.14108).

Every line is derived: boundaries are traced by `stability_boundary`, those of theory come from the
conditions and ranges of `sgdmem.symbolic`, or from verdicts.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.numeric.given_numbers import is_list, positive, whole
from sgdmem.numeric.learning_rate import largest_learning_rate
from sgdmem.numeric.problem import is_infinite, read_data
from sgdmem.numeric.spectrum import Spectrum
from sgdmem.numeric.stability import stability
from sgdmem.phase_diagrams.artists import named
from sgdmem.phase_diagrams.boundary import stability_boundary
from sgdmem.phase_diagrams.diagram import phase_diagram
from sgdmem.phase_diagrams.noise_picture import draw_noise_summand
from sgdmem.phase_diagrams.palette import BLACK, BLUE, DASHED, GREEN, ORANGE, PURPLE, RED, SKY
from sgdmem.phase_diagrams.picture import (
    LEGEND,
    axis_label,
    cell_edges,
    draw,
    new_axes,
    title,
    verdict_regions,
)
from sgdmem.phase_diagrams.placement import MapRegion, name_curves, name_regions
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.families import Family, with_fixed
from sgdmem.symbolic.named import find_family, memory_one

if TYPE_CHECKING:
    import xarray

_LAW = 1.5  # exponent of the spectrum if none is given
_SIZES = (1, 8, 64, math.inf)
_COLOURS = (RED, GREEN, SKY, PURPLE, ORANGE)
_SMALL = 1e-6  # learning rate over the largest one, where only the trace counts
_LIGHTEST, _DARKEST = 1.0, 0.62  # greys of what is stable at none, and at all, of the batch sizes

Range = tuple[float, float]


@dataclass(frozen=True)
class TheoryLine:
    """A line that theory predicts, in the units of the axes."""

    x: Array
    y: Array
    colour: str = BLACK


@dataclass(frozen=True)
class NamedDiagram:
    """What a named diagram consists of.

    Attributes
    ----------
    map : xarray.Dataset
        From `phase_diagram`: a series over batch sizes, or one map.
    boundaries : dict from str to xarray.Dataset
        From `stability_boundary`.
    theory : dict from str to TheoryLine
        By their names in the picture.
    accelerated : ndarray of bool or None
        Points of the map where memory 1 has all three ranges of eq. (26) and is stable with an
        effective learning rate beyond that of any stable SGD, at the largest finite batch size.
    zones : dict from str to ndarray of bool
        Points of the map by the ranges of eq. (26) that the spectrum reaches.
    """

    map: xarray.Dataset
    boundaries: dict[str, xarray.Dataset]
    theory: dict[str, TheoryLine] = field(default_factory=dict)
    accelerated: Array | None = None
    zones: dict[str, Array] = field(default_factory=dict)

    def draw(self, ax: Any = None, *, annotate: bool = True, explained: bool = True) -> Any:
        """Draw it; see `named_diagram`."""
        from matplotlib.patches import Patch

        ax = new_axes() if ax is None else ax
        if self.map.stable.ndim == 2:
            draw(self.map, ax, annotate=False, explained=explained)
            regions = verdict_regions(self.map)
        else:
            regions = self._draw_series(ax)
        ax.autoscale(False)
        curves = self._draw_boundaries(ax)
        for name, line in self.theory.items():
            drawn = ax.plot(line.x, line.y, **{**DASHED, "color": line.colour}, zorder=4)
            named("theory", *drawn)
            curves[name] = [_inside(ax, line)], line.colour
        if annotate:
            taken = name_curves(
                ax,
                {name: pieces for name, (pieces, _) in curves.items() if len(pieces[0][0])},
                {name: colour for name, (_, colour) in curves.items()},
            )
            name_regions(ax, self._edges(), regions, taken)
        if explained and self.map.stable.ndim == 3:
            handles, _ = ax.get_legend_handles_labels()
            if self.accelerated is not None:
                patch: dict[str, Any] = {
                    "facecolor": "none",
                    "edgecolor": GREEN,
                    "hatch": "///",
                    "linewidth": 0,
                }
                handles.append(Patch(label="accelerated (Theorem 7)", **patch))
            ax.legend(handles=handles, ncols=min(len(handles), 3), **LEGEND)
        return ax

    def _edges(self) -> tuple[Array, Array]:
        """Return the edges of the map's cells, in x and in y."""
        *_, y_name, x_name = self.map.stable.dims
        return cell_edges(self.map[x_name].values), cell_edges(self.map[y_name].values)

    def _draw_series(self, ax: Any) -> dict[str, MapRegion]:
        """Draw at how many of the batch sizes each point is stable, in greys."""
        from matplotlib.colors import ListedColormap

        panels, y_name, x_name = map(str, self.map.stable.dims)
        sizes = self.map[panels].size
        count = (self.map.stable.values == 1).sum(axis=0)
        shades = [str(value) for value in np.linspace(_LIGHTEST, _DARKEST, sizes + 1)]
        mesh = ax.pcolormesh(
            *self._edges(),
            count,
            cmap=ListedColormap(shades),
            vmin=-0.5,
            vmax=sizes + 0.5,
            rasterized=True,
        )
        named("map", mesh)
        (_, first), *_ = self.boundaries.items()
        for name, scale, limits in (
            (x_name, ax.set_xscale, ax.set_xlim),
            (y_name, ax.set_yscale, ax.set_ylim),
        ):
            scale("log" if name in first.attrs["logarithmic"].split(", ") else "linear")
            limits(first[name].attrs["low"], first[name].attrs["high"])
        ax.set(xlabel=axis_label(x_name), ylabel=axis_label(y_name))
        ax.set_title(title(self.map, (x_name, y_name, panels)), fontsize="medium")
        regions = {
            "stable at every $B$": MapRegion(count == sizes, shades[-1]),
            "diverges at every $B$": MapRegion(count == 0, shades[0]),
        }
        if sizes == 1:
            regions = {"stable": MapRegion(count == 1, shades[-1])}
        if self.accelerated is not None:
            values = [self.map[name].values for name in (x_name, y_name)]
            hatched = ax.contourf(
                *values,
                self.accelerated.astype(float),
                levels=[0.5, 1.5],
                colors="none",
                hatches=["///"],
            )
            hatched.set_edgecolor(GREEN)
            hatched.set_linewidth(0)
            named("accelerated", hatched)
            regions = {"accelerated": MapRegion(self.accelerated, "white"), **regions}
        for name, mask in self.zones.items():
            regions[name] = MapRegion(mask & (count > 0), shades[1])
        return regions

    def _draw_boundaries(self, ax: Any) -> dict[str, tuple[list[tuple[Array, Array]], str]]:
        """Draw every boundary in a colour of its own; return pieces and colours by their names."""
        curves = {}
        for place, (name, edge) in enumerate(self.boundaries.items()):
            colour = _COLOURS[place % len(_COLOURS)] if len(self.boundaries) > 1 else BLACK
            x, y = (edge[edge.attrs[axis]].values for axis in ("x", "y"))
            pieces = []
            label = name
            for number in np.unique(edge.curve.values):
                there = edge.curve.values == number
                named("boundary", *ax.plot(x[there], y[there], color=colour, label=label, zorder=3))
                pieces.append((x[there], y[there]))
                label = f"_{name}"
            if pieces:
                curves[name if len(self.boundaries) > 1 else ""] = pieces, colour
        return curves


def named_diagram(
    name: str, ax: Any = None, *, annotate: bool = True, explained: bool = True, **options: Any
) -> Any:
    r"""Compute and draw a phase diagram that has a name in the field.

    Parameters
    ----------
    name : str
        "learning-rate-momentum", "damping-effective-rate", "spectral-zones" or
        "batch-size-learning-rate"; what they show is said at the top of
        `sgdmem.phase_diagrams.named_diagrams`.
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise.
    annotate : bool
        Whether curves and regions are named where there is room.
    explained : bool
        Whether a legend and a colour bar are added.
    **options
        ``spectrum`` (by default the infinite power law of exponent 1.5), ``tau1``, ``tau2``,
        ``points`` (of the map along each axis, by default 200) and ``resolution`` (of the
        boundaries, by default 80), except for "spectral-zones"; ``batch_sizes``, except for
        "batch-size-learning-rate" ("spectral-zones": ``batch_size``); and

        - "learning-rate-momentum": ``family``, "heavy-ball" by default, the ranges
          ``learning_rate`` and ``momentum``, pairs (low, high), and other parameters of the family;
        - "damping-effective-rate": ``q0``, the ranges ``damping`` and ``effective_learning_rate``;
        - "spectral-zones": ``q0``, ``damping`` and ``effective_learning_rate``, numbers;
        - "batch-size-learning-rate": ``family``, the ranges ``learning_rate`` and ``batch_size``,
          and other parameters of the family (``momentum=0.9`` for the heavy ball by default).

    Returns
    -------
    matplotlib axes
        With the `artists` ``map`` and ``kinds``, ``boundary``, ``theory``, ``accelerated``,
        ``region-name`` and ``curve-name``; those of `draw_noise_summand` for "spectral-zones".

    Raises
    ------
    InputError
        For an unknown name or option, and as `phase_diagram` and `stability_boundary`.

    Examples
    --------
    >>> axes = named_diagram("batch-size-learning-rate", points=20, resolution=8)
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('learning rate $\\alpha$', 'batch size $B$')
    """
    if name == "spectral-zones":
        return _spectral_zones(ax, explained, **_checked(_spectral_zones, options, "ax explained"))
    return diagram_data(name, **options).draw(ax, annotate=annotate, explained=explained)


def diagram_data(name: str, **options: Any) -> NamedDiagram:
    """Compute a named diagram without drawing it; parameters as for `named_diagram`.

    Raises
    ------
    InputError
        For "spectral-zones", which is a curve, and as `named_diagram`.
    """
    if name not in _DIAGRAMS:
        known = ", ".join([*_DIAGRAMS, "spectral-zones"])
        raise InputError(f"name must be among {known}, got {name!r}")
    return _DIAGRAMS[name](**_checked(_DIAGRAMS[name], options))


def _checked(function: Callable[..., Any], options: dict[str, Any], hidden: str = "") -> Any:
    """Return options that a function takes; InputError for others."""
    parameters = inspect.signature(function).parameters.values()
    known = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
    known = [name for name in known if name not in hidden.split()]
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for name in options:
            if name not in known:
                raise InputError(f"unknown option {name!r}; there are {', '.join(known)}")
    return options


# The diagrams -----------------------------------------------------------------------------------


def _learning_rate_momentum(
    family: Family | str = "heavy-ball",
    *,
    spectrum: Any = None,
    batch_sizes: Sequence[Any] = _SIZES,
    learning_rate: Range = (0.02, 10.0),
    momentum: Range = (0.0, 0.99),
    tau1: Any = None,
    tau2: Any = None,
    points: int = 200,
    resolution: int = 80,
    **fixed: Any,
) -> NamedDiagram:
    question = {"spectrum": _spectrum(spectrum), "tau1": tau1, "tau2": tau2, **fixed}
    x, y = _window("learning_rate", learning_rate), _window("momentum", momentum)
    return _over_batch_sizes(
        family, x, y, ["learning_rate"], batch_sizes, points, resolution, question
    )


def _damping_effective_rate(
    *,
    q0: Any = 0.5,
    spectrum: Any = None,
    batch_sizes: Sequence[Any] = _SIZES,
    damping: Range = (0.002, 2.0),
    effective_learning_rate: Range = (0.1, 1e4),
    tau1: Any = None,
    tau2: Any = None,
    points: int = 200,
    resolution: int = 80,
) -> NamedDiagram:
    data = _spectrum(spectrum)
    q0 = positive(q0, "q0")
    names = "damping", "effective_learning_rate"
    x, y = _window(names[0], damping), _window(names[1], effective_learning_rate)
    question = {"spectrum": data, "tau1": tau1, "tau2": tau2, "q0": q0}
    found = _over_batch_sizes(
        "memory-one", x, y, list(names), batch_sizes, points, resolution, question
    )
    largest = read_data(data, None, None)[0].largest
    δ, α = (found.map[name].values for name in names)
    ends = _range_ends(q0)
    first, second = (end(δ[None, :], α[:, None]) for end in ends[:2])
    sizes = found.map.batch_size.values
    finite = np.flatnonzero(np.isfinite(sizes))
    accelerated = None
    if finite.size:
        shown = found.map.isel(batch_size=finite[-1])
        sgd = largest_learning_rate("sgd", data, sizes[finite[-1]], tau1=tau1, tau2=tau2)
        ordered = (first < second) & (second < largest)
        accelerated = ordered & (shown.stable.values == 1) & (α[:, None] > float(sgd))
    dense = np.geomspace(*x[1:], 400) if x[1] > 0 else np.linspace(*x[1:], 401)[1:]
    theory = {}
    for place, line in enumerate(_uniform_lines(largest)):
        values = line(dense, float(q0))
        theory["Theorem 6" + " " * place] = TheoryLine(dense, values)
    zone_1, zone_2 = _zone_lines(largest)
    name_1, name_2 = (rf"$\lambda_{{\max}} = {_latex_end(place)}$" for place in (0, 1))
    at = zone_1(float(q0))
    theory[name_1] = TheoryLine(np.full(2, at), np.array(y[1:]), BLUE)
    theory[name_2] = TheoryLine(dense, zone_2(dense, float(q0)), BLUE)
    zones = {
        "zone I": largest < first,
        "zones I, II": (first <= largest) & (largest < second),
        "zones I, II, III": (first < second) & (second <= largest),
    }
    zones = {name: np.broadcast_to(mask, second.shape) for name, mask in zones.items()}
    return NamedDiagram(found.map, found.boundaries, theory, accelerated, zones)


def _spectral_zones(
    ax: Any = None,
    explained: bool = True,
    *,
    q0: Any = "0.5",
    damping: Any = "1e-4",
    effective_learning_rate: Any = 100,
    spectrum: Any = None,
    batch_size: Any = 8,
    tau1: Any = None,
    tau2: Any = None,
) -> Any:
    method = memory_one(effective_learning_rate, q0, damping)
    noise = batch_size, tau1, tau2
    return draw_noise_summand(method, _spectrum(spectrum), ax, *noise, explained=explained)


def _batch_size_learning_rate(
    family: Family | str = "heavy-ball",
    *,
    spectrum: Any = None,
    learning_rate: Range = (0.02, 10.0),
    batch_size: Range = (1.0, 1e4),
    tau1: Any = None,
    tau2: Any = None,
    points: int = 200,
    resolution: int = 80,
    **fixed: Any,
) -> NamedDiagram:
    if family == "heavy-ball" and not fixed:
        fixed = {"momentum": "0.9"}
    data = _spectrum(spectrum)
    x, y = _window("learning_rate", learning_rate), _window("batch_size", batch_size)
    question = {"spectrum": data, "tau1": tau1, "tau2": tau2, **fixed}
    logs = ["learning_rate", "batch_size"]
    found = phase_diagram(family, _values(x, logs, points), _values(y, logs, points), **question)
    edge = stability_boundary(family, x, y, log=logs, resolution=resolution, **question)
    largest = float(largest_learning_rate(family, data, **fixed))
    theory = {}
    if 0 < largest < math.inf:
        label = rf"$\alpha = {largest:.4g}$ ($\lambda_{{\max}}$)"
        theory[label] = TheoryLine(np.full(2, largest), np.array(y[1:]))
        # batch sizes grow in proportion to small learning rates
        rate = _SMALL * largest
        method = with_fixed(find_family(family), fixed, ["learning_rate"])(learning_rate=rate)
        slope = stability(method, data, 1, tau1, tau2).critical_batch_size / rate
        if 0 < slope < math.inf:
            label = rf"$\alpha = {1 / slope:.3g}\,B$ ($\Sigma\lambda$)"
            rates = np.geomspace(*x[1:], 200)
            theory[label] = TheoryLine(rates, slope * rates, BLUE)
    return NamedDiagram(found, {"boundary": edge}, theory)


_DIAGRAMS: dict[str, Callable[..., NamedDiagram]] = {
    "learning-rate-momentum": _learning_rate_momentum,
    "damping-effective-rate": _damping_effective_rate,
    "batch-size-learning-rate": _batch_size_learning_rate,
}


# Their parts ------------------------------------------------------------------------------------


def _over_batch_sizes(
    family: Family | str,
    x: tuple[str, float, float],
    y: tuple[str, float, float],
    logs: list[str],
    batch_sizes: Sequence[Any],
    points: int,
    resolution: int,
    question: Mapping[str, Any],
) -> NamedDiagram:
    sizes = list(batch_sizes) if is_list(batch_sizes) else []
    if not sizes:
        raise InputError(f"batch_sizes must be a list of batch sizes, got {batch_sizes!r}")
    sizes = sorted(math.inf if is_infinite(b) else positive(b, "batch_sizes") for b in sizes)
    series = phase_diagram(
        family,
        _values(x, logs, points),
        _values(y, logs, points),
        panels=("batch_size", sizes),
        **question,
    )
    boundaries = {
        _called(size): stability_boundary(
            family, x, y, log=logs, resolution=resolution, batch_size=size, **question
        )
        for size in sizes
    }
    return NamedDiagram(series, boundaries)


def _called(batch_size: Any) -> str:
    return "full batches" if math.isinf(batch_size) else f"$B = {float(batch_size):g}$"


def _spectrum(given: Any) -> Any:
    return Spectrum.power_law(_LAW) if given is None else given


def _window(name: str, ends: Any) -> tuple[str, float, float]:
    """Return an axis of `stability_boundary`, whose numbers are checked there."""
    if not is_list(ends) or len(list(ends)) != 2:
        raise InputError(f"{name} must be a pair (low, high), got {ends!r}")
    low, high = ends
    return name, low, high


def _values(
    window: tuple[str, float, float], logs: Sequence[str], points: int
) -> tuple[str, list[float]]:
    name, low, high = window
    points = whole(points, "points", 2)
    try:
        low, high = float(low), float(high)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a pair of numbers, got {(low, high)!r}") from None
    if not low < high or (name in logs and low <= 0):
        least = " > 0" if name in logs else ""
        raise InputError(f"{name} must be a pair low < high{least}, got {(low, high)!r}")
    spaced = np.geomspace if name in logs else np.linspace
    return name, spaced(low, high, points).tolist()


@cache
def _symbols() -> tuple[Any, Any, Any]:
    import sympy

    return tuple(sympy.symbols(r"\alpha_{\mathrm{eff}} q_0 \delta", positive=True))


@cache
def _regions() -> list[Any]:
    import sympy

    from sgdmem.symbolic.regions import regions

    return regions(*_symbols(), sympy.Dummy("lambda", positive=True))


def _range_ends(q0: Any) -> list[Callable[[Array, Array], Array]]:
    """Return where the ranges of eq. (26) end, as functions of damping and effective rate."""
    import sympy

    α, q, δ = _symbols()
    return [
        sympy.lambdify([δ, α], region.ends.subs(q, sympy.Rational(q0)), "numpy")
        for region in _regions()
    ]


def _latex_end(place: int) -> str:
    import sympy

    top, bottom = sympy.fraction(_regions()[place].ends)
    return f"{sympy.latex(top)} / {sympy.latex(bottom)}"


def _zone_lines(largest: float) -> tuple[Callable[[float], float], Callable[[Array, float], Array]]:
    """Return where the largest eigenvalue is at the end of the first and the second range.

    A damping as a function of q0, and an effective rate as one of damping and q0.
    """
    import sympy

    α, q, δ = _symbols()
    low, high, _ = (region.ends - largest for region in _regions())
    (damping,), (rate,) = sympy.solve(low, δ), sympy.solve(high, α)
    return sympy.lambdify([q], damping), sympy.lambdify([δ, q], rate, "numpy")


def _uniform_lines(largest: float) -> list[Callable[[Array, float], Array]]:
    """Return the sides of the triangle of Theorem 6 as effective rates over damping and q0.

    From the inequalities of `uniform_conditions` that hold an effective rate and a damping.
    """
    import sympy

    from sgdmem.symbolic.schur import uniform_conditions

    α, q, δ = _symbols()
    lines = []
    for inequality in uniform_conditions(memory_one(α, q, δ), sympy.Rational(largest)):
        free = inequality.free_symbols
        if α in free and δ in free:
            (rate,) = sympy.solve(inequality.lhs - inequality.rhs, α)
            lines.append(sympy.lambdify([δ, q], rate, "numpy"))
    return lines


def _inside(ax: Any, line: TheoryLine) -> tuple[Array, Array]:
    """Return the part of a line that the axes show."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    seen = (line.x >= left) & (line.x <= right) & (line.y >= low) & (line.y <= high)
    return line.x[seen], line.y[seen]
