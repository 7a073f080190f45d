r"""The picture of the noise summand :math:`s_\lambda`: which eigenvalues make the noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, in_points, sized
from sgdmem.phase_diagrams.pictures.noise_data import noise_summand_data
from sgdmem.phase_diagrams.pictures.palette import BLACK, BLUE, GREY, ORANGE, RED
from sgdmem.phase_diagrams.pictures.summand_ranges import draw_ranges, name_ranges
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm

if TYPE_CHECKING:
    import xarray

_RISE = 30.0  # how far above the largest summand of the spectrum the picture ends


def draw_noise_summand(
    algorithm: Algorithm,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw the noise summand by eigenvalue, and the share of the noise sum that is made by it.

    With :math:`\tau_2\ne0` and mini-batches the summand is damped,
    :math:`s_\lambda/(1+\tau_2s_\lambda/B)`; both are drawn. The summand has a pole at the critical
    eigenvalue; the damped one tends to :math:`B/\tau_2` there if :math:`\tau_2>0`, and has a pole
    before it, where a single mode's noise feeds on itself, if :math:`\tau_2<0`. With full batches
    the noise sum is zero, and the share is that of :math:`\sum s`. For memory 1 with
    :math:`q_0>0`, a small damping :math:`\delta` and :math:`\delta\alpha_{\mathrm{eff}}\ll q_0` the
    three ranges of eq. (26) of arXiv 2410.04228 are drawn, where they are at least a factor of 4
    long.

    Parameters
    ----------
    algorithm : Algorithm
        Without free symbols.
    problem, batch_size
        See `sgdmem.stability`; the noise of two numbers, tau1 and tau2.
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise. The share has a scale of its own at the right.
    explained : bool
        Whether a legend is added.
    size : str or (float, float), optional
        "column", "page", "slide", or width and height in inches: of the figure, and of letters and
        lines.

    Returns
    -------
    matplotlib axes
        With the `artists` ``summand``, ``damped-summand`` (if it differs), ``share`` (in percent,
        of eigenvalues up to that one; not drawn where the noise sum is infinite),
        ``critical-eigenvalue``, ``spectrum`` (its extent), ``eigenvalue`` (the largest 200),
        ``range`` (the leading terms on the three ranges), ``range-end`` and ``range-name``.

    Raises
    ------
    InputError
        For an argument outside its domain, and if no eigenvalue has a summand to draw.

    Examples
    --------
    >>> import sgdmem
    >>> method = sgdmem.methods.memory_one(100, "0.5", "1e-4")
    >>> axes = draw_noise_summand(method, sgdmem.Spectrum.power_law(1.5), batch_size=8)
    >>> from sgdmem.phase_diagrams.pictures.artists import artists
    >>> [text.get_text() for text in artists(axes)["range-name"]]
    ['$\\frac{\\alpha_{\\mathrm{eff}} \\lambda}{2}$', ...]
    """
    data = noise_summand_data(algorithm, problem, batch_size)
    return draw_summand(data, ax, explained=explained, size=size)


@sized
def draw_summand(
    data: xarray.Dataset, ax: Any = None, *, explained: bool = True, size: FigureSize = None
) -> Any:
    """Draw what `noise_summand_data` returns; see `draw_noise_summand`."""
    lam, plain = data["eigenvalue"].values, data["summand"].values
    ax = new_axes(size) if ax is None else ax
    _limits(ax, lam, plain, lam <= float(data["largest"]))
    _spectrum(ax, data)
    is_damped = "damped_summand" in data
    label = r"noise summand $s_\lambda$"
    thick = in_points(2.2)
    thin = {"linewidth": in_points(1.2), "linestyle": ":"} if is_damped else {"linewidth": thick}
    named("summand", *ax.plot(lam, plain, color=RED, label=label, zorder=4, **thin))
    if is_damped:
        label = r"damped, $s_\lambda/(1+\tau_2 s_\lambda/B)$"
        style = {"color": RED, "linewidth": thick, "label": label}
        named("damped-summand", *ax.plot(lam, data["damped_summand"], **style, zorder=4))
    draw_ranges(ax, data)
    _draw_poles(ax, data["critical_eigenvalue"].values)
    twin = _draw_share(ax, data) if "share" in data else None
    ax.set(xscale="log", yscale="log", xlabel=r"eigenvalue $\lambda$", ylabel=r"$s_\lambda$")
    write_title(ax, f"{data.attrs['algorithm']}\n{data.attrs['question']}", "small")
    if explained:
        handles, _ = ax.get_legend_handles_labels()
        if twin is not None:
            handles += twin.get_legend_handles_labels()[0]
        write_legend(ax, handles, most_columns=2)
    settle(ax)
    name_ranges(ax, data, None if twin is None else twin.lines[0])
    return ax


def _draw_share(ax: Any, data: xarray.Dataset) -> Any:
    """Draw the share of the noise sum on a scale of its own."""
    lam, share = data["share_eigenvalue"].values, data["share"].values
    left, right = ax.get_xlim()
    twin = ax.twinx()
    label = r"share of $U'_\Sigma$ up to $\lambda$"
    style = {"color": BLUE, "linewidth": in_points(1.4), "label": label}
    percent = 100 * np.array([1, *share, share[-1]])
    named("share", *twin.plot([right, *lam, left], percent, **style))
    twin.set_ylim(0, 102)
    twin.set_ylabel(r"% of the noise sum $U'_\Sigma$", color=BLUE)
    twin.tick_params(axis="y", colors=BLUE)
    return twin


def _spectrum(ax: Any, data: xarray.Dataset) -> None:
    extent = float(data["smallest"]), float(data["largest"])
    shade = ax.axvspan(*extent, color=GREY, alpha=0.13, linewidth=0, zorder=0, label="spectrum")
    named("spectrum", shade)
    ticks = data["largest_eigenvalues"].values
    style = {"color": BLACK, "markersize": in_points(9), "zorder": 5}
    style["markeredgewidth"] = in_points(0.6)
    at_axis = ax.get_xaxis_transform()
    named("eigenvalue", *ax.plot(ticks, np.zeros(ticks.size), "|", transform=at_axis, **style))


def _limits(ax: Any, lam: Array, plain: Array, inside: Array) -> None:
    seen = plain[np.isfinite(plain) & inside]
    seen = seen if seen.size else plain[np.isfinite(plain)]
    ax.set(xscale="log", yscale="log", xlim=(lam[0], lam[-1]))
    # a pole inside the spectrum has no largest value
    top = min(seen.max(), 1e4 * np.median(seen))
    ax.set_ylim(seen[seen > 0].min() / 3, _RISE * top)


def _draw_poles(ax: Any, poles: Array) -> None:
    label: str | None = "critical eigenvalue"
    for pole in poles:
        style = {"linestyle": (0, (1, 1.5)), "linewidth": in_points(1.6)}
        named("critical-eigenvalue", ax.axvline(pole, color=ORANGE, label=label, zorder=3, **style))
        label = None
