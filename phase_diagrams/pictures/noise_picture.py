r"""The picture of the noise summand :math:`s_\lambda`: which eigenvalues make the noise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.mode_summands import form_under, mode_summands, rational_algorithm
from sgdmem.numeric.noise_sums.noise_sum import noise_sums
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import as_problem, require_no_weight_decay
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, in_points, sized
from sgdmem.phase_diagrams.pictures.labels import algorithm_label, question_label
from sgdmem.phase_diagrams.pictures.palette import BLACK, BLUE, GREY, ORANGE, RED
from sgdmem.phase_diagrams.pictures.summand_ranges import (
    draw_ranges,
    memory_one_ranges,
    name_ranges,
)
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.errors import InputError, shown

_DEEPEST = 1e-12  # eigenvalue over the largest one, of a picture
_SHARE_LEFT = 0.01  # of the noise sum, in eigenvalues of an infinite law that are too small to show
_FARTHEST = 300.0  # a critical eigenvalue further above the largest one is not shown
_TICKS = 200  # eigenvalues that are shown one by one
_RISE = 30.0  # how far above the largest summand of the spectrum the picture ends
_SIZES, _JUMPS = 60, 25  # of the parts of a law whose share is computed; eigenvalues one by one


@sized
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
    given = as_problem(problem)
    require_no_weight_decay(given, "a picture of its noise summand")
    require_no_shrink(algorithm, "a picture of its noise summand")
    data, noise = given.spectrum, given.noise.at(batch_size)
    if noise.by_mode:
        raise InputError("noise must be tau1 and tau2, two numbers, to draw the summand as a curve")
    exact = rational_algorithm(algorithm)
    verdict = stability(exact, data)
    ends = sorted({end for pair in verdict.noiseless_intervals for end in pair})
    poles = [end for end in ends if 0 < end <= _FARTHEST * data.largest]
    parts = memory_one_ranges(exact)
    low = _smallest_shown(exact, data, noise, parts)
    lam = _places(low, max([data.largest, *poles[:1]]) * 1.5, poles)
    plain, damped = _summands(exact, lam, noise)
    if not np.isfinite(plain).any():
        raise InputError(
            f"algorithm must be stable without noise at some eigenvalue from {low:.3g} to "
            f"{lam[-1]:.3g} for a noise summand to exist there, got {shown(algorithm)}"
        )
    ax = new_axes(size) if ax is None else ax
    inside = (lam >= low) & (lam <= data.largest)
    _limits(ax, lam, plain, inside)
    _spectrum(ax, data, low)
    is_damped = bool(noise.inverse_batch and noise.tau2)
    label = r"noise summand $s_\lambda$"
    thick = in_points(2.2)
    thin = {"linewidth": in_points(1.2), "linestyle": ":"} if is_damped else {"linewidth": thick}
    named("summand", *ax.plot(lam, plain, color=RED, label=label, zorder=4, **thin))
    if is_damped:
        label = r"damped, $s_\lambda/(1+\tau_2 s_\lambda/B)$"
        line = ax.plot(lam, damped, color=RED, linewidth=thick, label=label, zorder=4)
        named("damped-summand", *line)
    draw_ranges(ax, parts)
    _draw_poles(ax, poles)
    twin = _draw_share(ax, exact, data, noise, low)
    ax.set(xscale="log", yscale="log", xlabel=r"eigenvalue $\lambda$", ylabel=r"$s_\lambda$")
    write_title(ax, f"{algorithm_label(algorithm)}\n{question_label(data, noise)}", "small")
    if explained:
        handles, _ = ax.get_legend_handles_labels()
        if twin is not None:
            handles += twin.get_legend_handles_labels()[0]
        write_legend(ax, handles, most_columns=2)
    settle(ax)
    name_ranges(ax, parts, None if twin is None else twin.lines[0])
    return ax


def _summands(algorithm: Algorithm, lam: Array, noise: BatchNoise) -> tuple[Array, Array]:
    """Return s and s / (1 + tau2 s / B) at eigenvalues; NaN where the noise has no limit."""
    modes = mode_summands(form_under(noise, [algorithm]), Ball.exactly(lam.tolist()))
    plain = np.where(modes.schur[0] == 1, lam * modes.noise.mid[0], np.nan)
    with np.errstate(invalid="ignore"):
        damping = 1 + float(noise.tau2 * noise.inverse_batch) * plain  # type: ignore[operator]
        damped = np.where(damping > 0, plain / damping, np.nan)
    return plain, damped


def _places(low: float, high: float, poles: list[float]) -> Array:
    """Return eigenvalues in logarithmic steps, and closer and closer ones beside the poles."""
    count = int(100 * math.log10(high / low)) + 2
    beside = 10.0 ** -np.arange(0.5, 6, 0.1)
    near = [pole * (1 + side * beside) for pole in poles for side in (-1, 1)]
    lam = np.unique(np.concatenate([np.geomspace(low, high, count), *near, poles]))
    return lam[(lam >= low) & (lam <= high)]


def _smallest_shown(
    algorithm: Algorithm, data: Spectrum, noise: BatchNoise, parts: list[Any]
) -> float:
    top, low = data.largest, _smallest(data)
    if data.is_infinite:
        low = 1e-8 * top
        total = _sum(algorithm, data, noise)
        for decade in range(2, 8) if math.isfinite(total) else ():
            count = int(10 ** (decade / data.law.exponent)) + 1  # type: ignore[union-attr]
            if _sum(algorithm, _first(data, count), noise) > (1 - _SHARE_LEFT) * total:
                low = 10.0**-decade * top
                break
    low = min(low, top / 100, *(float(part[1]) / 30 for part in parts[:1]))
    return float(max(low, _DEEPEST * top))


def _first(data: Spectrum, count: int) -> Spectrum:
    assert data.law is not None
    return Spectrum.power_law(data.law.exponent, data.law.scale, count)


def _sum(algorithm: Algorithm, data: Spectrum, noise: BatchNoise) -> float:
    """Return the sum of s / (1 + tau2 s / B); infinite or NaN where there is none."""
    if data.diverges:
        return math.inf
    found = noise_sums(form_under(noise, [algorithm]), data, noise.share2)
    good = found.schur[0] == 1 and found.damped[0] == 1
    return float(found.noise.mid[0]) if good else math.inf


def _shares(
    algorithm: Algorithm, data: Spectrum, noise: BatchNoise, low: float
) -> tuple[Array, Array] | None:
    """Return a polyline: eigenvalues, falling, and the share of all that are not larger.

    The share jumps at every eigenvalue; beyond the first ones of a law jumps are too small to see.
    """
    total = _sum(algorithm, data, noise)
    if not math.isfinite(total):
        return None
    if data.law is None:
        lam, places = np.unique(data.eigenvalues, return_inverse=True)
        weights = np.bincount(places, data.weights)[::-1]
        lam = lam[::-1]
        parts = weights * _summands(algorithm, lam, noise)[1]
        left = np.append(np.cumsum(parts[::-1])[::-1], 0) / total
        return np.repeat(lam, 2), np.repeat(left, 2)[1:-1]
    count = math.inf if data.law.count is None else float(data.law.count)
    last = min(count, (data.law.scale / low) ** (1 / data.law.exponent))
    whole = np.arange(1.0, min(last, _JUMPS) + 1)
    sizes = np.unique(np.append(whole, np.geomspace(whole[-1], last, _SIZES).round()))
    sums = [_sum(algorithm, _first(data, int(size)), noise) for size in sizes]
    left = 1 - np.array([0.0, *sums]) / total
    lam = data.law.eigenvalues(sizes).mid
    jumps = whole.size
    x = np.append(np.repeat(lam[:jumps], 2), lam[jumps:])
    return x, np.append(np.repeat(left[: jumps + 1], 2)[1:-1], left[jumps + 1 :])


def _draw_share(
    ax: Any, algorithm: Algorithm, data: Spectrum, noise: BatchNoise, low: float
) -> Any:
    """Draw the share of the noise sum on a scale of its own."""
    found = _shares(algorithm, data, noise, low)
    if found is None:
        return None
    lam, share = found
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


def _spectrum(ax: Any, data: Spectrum, low: float) -> None:
    extent = (max(low, _smallest(data)), data.largest)
    shade = ax.axvspan(*extent, color=GREY, alpha=0.13, linewidth=0, zorder=0, label="spectrum")
    named("spectrum", shade)
    ticks = _largest_ones(data)
    ticks = ticks[ticks >= low]
    style = {"color": BLACK, "markersize": in_points(9), "zorder": 5}
    style["markeredgewidth"] = in_points(0.6)
    at_axis = ax.get_xaxis_transform()
    named("eigenvalue", *ax.plot(ticks, np.zeros(ticks.size), "|", transform=at_axis, **style))


def _smallest(data: Spectrum) -> float:
    if data.law is None:
        return float(data.eigenvalues.min())
    if data.law.count is None:
        return 0.0
    return float(data.law.eigenvalues(np.array([float(data.law.count)])).mid[0])


def _largest_ones(data: Spectrum) -> Array:
    if data.law is None:
        return np.sort(data.eigenvalues)[::-1][:_TICKS]
    count = _TICKS if data.law.count is None else min(_TICKS, data.law.count)
    values: Array = data.law.eigenvalues(np.arange(1.0, count + 1)).mid
    return values


def _limits(ax: Any, lam: Array, plain: Array, inside: Array) -> None:
    seen = plain[np.isfinite(plain) & inside]
    seen = seen if seen.size else plain[np.isfinite(plain)]
    ax.set(xscale="log", yscale="log", xlim=(lam[0], lam[-1]))
    # a pole inside the spectrum has no largest value
    top = min(seen.max(), 1e4 * np.median(seen))
    ax.set_ylim(seen[seen > 0].min() / 3, _RISE * top)


def _draw_poles(ax: Any, poles: list[float]) -> None:
    label: str | None = "critical eigenvalue"
    for pole in poles:
        style = {"linestyle": (0, (1, 1.5)), "linewidth": in_points(1.6)}
        named("critical-eigenvalue", ax.axvline(pole, color=ORANGE, label=label, zorder=3, **style))
        label = None
