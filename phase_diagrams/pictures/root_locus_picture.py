"""The picture of a root locus: where the roots of P - lambda Q are."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.noise_sums.mode_summands import rational_algorithm
from sgdmem.numeric.problems.problem import as_problem, require_no_weight_decay
from sgdmem.numeric.verdicts.root_locus import RootLocus, complex_circle, root_locus, roots_at
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, dashed, in_points, sized
from sgdmem.phase_diagrams.pictures.labels import algorithm_label
from sgdmem.phase_diagrams.pictures.palette import BLACK, GREY, ORANGE, RED
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_ON_CIRCLE = 1e-6  # how far from it a root is that crosses it at a critical eigenvalue in floats
_DECADES = 6  # of the colours, at most
_BAR = (1.03, 0.1, 0.04, 0.8)  # as high as the axes, whatever their proportions; shares of them
_MARGIN = 0.08  # around the roots, as a share of what is shown
_FARTHEST = 3.0  # what is shown at most of branches that run away, in each direction


@sized
def draw_root_locus(
    algorithm: Algorithm,
    problem: Any,
    *,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw the roots of :math:`P-\lambda Q` for :math:`0<\lambda\le\lambda_{\max}`.

    A root inside the unit circle falls, one outside grows. The branches, coloured by the
    eigenvalue, begin at the roots of P and run towards those of Q; with memory 1, complex roots lie
    on the circle of Theorem 6.2 of arXiv 2410.04228, here dashed. Diamonds mark where the locus
    crosses the unit circle, with the critical eigenvalues.

    Parameters
    ----------
    algorithm : Algorithm
        Without free symbols, of memory up to 20.
    problem : Problem, Spectrum or array of shape (n, d)
        Only its largest eigenvalue counts.
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise.
    explained : bool
        Whether a legend and a colour bar are added; for one of many axes they may be too large.
    size : str or (float, float), optional
        "column", "page", "slide", or width and height in inches: of the figure, and of letters and
        lines.

    Returns
    -------
    matplotlib axes
        With the `artists` ``branch`` (one for each root, coloured by the eigenvalue),
        ``root-of-P``, ``root-of-Q``, ``crossing``, ``critical-eigenvalue`` (texts),
        ``complex-roots`` (the circle), ``unit-circle`` and ``real-axis``.

    Raises
    ------
    InputError
        For an argument outside its domain.

    See Also
    --------
    sgdmem.numeric.verdicts.root_locus.root_locus : The roots themselves, and how they are found.

    Examples
    --------
    >>> import sgdmem
    >>> axes = draw_root_locus(sgdmem.heavy_ball("0.1", "0.9"), sgdmem.Spectrum([40, 1]))
    >>> from sgdmem.phase_diagrams.pictures.artists import artists
    >>> [text.get_text() for text in artists(axes)["critical-eigenvalue"]]
    ['$\\lambda = 38$']
    """
    exact = rational_algorithm(algorithm)
    given = as_problem(problem)
    require_no_weight_decay(given, "a root locus: its roots are those of larger eigenvalues")
    data = given.spectrum
    locus = root_locus(exact, data.largest)
    ax = new_axes(size) if ax is None else ax
    named("real-axis", ax.axhline(0, color=GREY, linewidth=in_points(0.5), zorder=0))
    thin = {"color": GREY, "linewidth": in_points(1.2), "zorder": 1}
    (unit,) = ax.plot(*_circle(0, 1), label="unit circle", **thin)
    named("unit-circle", unit)
    _limit(ax, locus)
    if exact.memory == 1:
        _complex_roots(ax, exact)
    mesh = _branches(ax, locus)
    _ends(ax, locus)
    _crossings(ax, exact, data)
    ax.set(aspect="equal", xlabel=r"Re $x$", ylabel=r"Im $x$")
    largest = rf"$0<\lambda\leq\lambda_{{\max}}={data.largest:.4g}$"
    write_title(ax, f"{algorithm_label(algorithm)}\n{largest}", "small")
    if explained:
        write_legend(ax, most_columns=2)
        ax.figure.colorbar(mesh, cax=ax.inset_axes(_BAR), label=r"eigenvalue $\lambda$")
    settle(ax)
    return ax


def _circle(centre: float, radius: float) -> tuple[Array, Array]:
    angles = np.linspace(0, 2 * np.pi, 361)
    return centre + radius * np.cos(angles), radius * np.sin(angles)


def _branches(ax: Any, locus: RootLocus) -> Any:
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection
    from matplotlib.colors import ListedColormap, LogNorm

    lam, top = locus.eigenvalues[1:], locus.eigenvalues[-1]
    low = min(max(lam[0], top * 10.0**-_DECADES), top / 10)
    shades = ListedColormap(colormaps["viridis"](np.linspace(0, 0.93, 256)))
    norm = LogNorm(low, top)
    for branch in locus.branches.T:
        points = np.column_stack([branch.real, branch.imag])
        pieces: Any = np.stack([points[:-1], points[1:]], axis=1)
        lines = LineCollection(pieces, cmap=shades, norm=norm, linewidths=in_points(2.4), zorder=3)
        lines.set(array=np.maximum(lam, low), capstyle="round")
        named("branch", ax.add_collection(lines, autolim=False))
    return lines


def _ends(ax: Any, locus: RootLocus) -> None:
    start = locus.branches[0]
    style: dict[str, Any] = {"linestyle": "none", "zorder": 5}
    cross = {"marker": "x", "color": RED, "markersize": in_points(7), **style}
    cross["markeredgewidth"] = in_points(1.8)
    label = r"roots of $P$ ($\lambda = 0$)"
    named("root-of-P", *ax.plot(start.real, start.imag, label=label, **cross))
    if locus.zeros.size:
        ring = {"marker": "o", "color": BLACK, "markersize": in_points(8), "mfc": "none", **style}
        label = r"roots of $Q$ ($\lambda \to \infty$)"
        named("root-of-Q", *ax.plot(locus.zeros.real, locus.zeros.imag, label=label, **ring))


def _complex_roots(ax: Any, algorithm: Algorithm) -> None:
    """Draw the circle, or line, of the complex roots of memory 1."""
    found = complex_circle(algorithm)
    if found is None:
        return
    style = {"zorder": 2, "label": "complex roots (Th. 6.2)", **dashed()}
    if np.isinf(found.radius):
        line = ax.axvline(found.centre, **style)
    else:
        (line,) = ax.plot(*_circle(found.centre, found.radius), **style)
    named("complex-roots", line)


def _crossings(ax: Any, algorithm: Algorithm, data: Any) -> None:
    """Mark the roots on the unit circle at every end of noiseless stability."""
    intervals = stability(algorithm, data).noiseless_intervals
    ends = sorted({end for pair in intervals for end in pair if 0 < end <= data.largest})
    label: str | None = "critical eigenvalue"
    for end in ends:
        roots = roots_at(algorithm, end)
        away = np.abs(np.abs(roots) - 1)
        there = roots[away <= max(_ON_CIRCLE, 2 * away.min())]
        style = {"color": ORANGE, "markeredgecolor": BLACK, "markersize": in_points(7), "zorder": 6}
        named("crossing", *ax.plot(there.real, there.imag, "D", label=label, **style))
        label = None
        upper = there[np.argmax(there.imag)]
        side = 1 if upper.real < 0 else -1  # towards the middle
        below = upper.imag > 0.5  # near the real axis there is no room for it
        text = ax.annotate(
            rf"$\lambda = {end:.4g}$",
            (upper.real, upper.imag),
            (side * in_points(9), in_points(-11 if below else 7)),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="top" if below else "bottom",
            zorder=7,
            bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.8},
        )
        named("critical-eigenvalue", text)


def _limit(ax: Any, locus: RootLocus) -> None:
    """Show the unit circle and what fits of the branches and of the roots of Q."""
    ends = []
    for part in (np.real, np.imag):
        values: Array = np.concatenate([part(locus.branches).ravel(), part(locus.zeros), [-1, 1]])
        shown = np.clip(values, -_FARTHEST, _FARTHEST)
        margin = _MARGIN * np.ptp(shown)
        ends.append((shown.min() - margin, shown.max() + margin))
    ax.set(xlim=ends[0], ylim=ends[1])
