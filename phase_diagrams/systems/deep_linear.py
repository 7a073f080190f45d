r"""Modes of a deep linear network over time, from saddle to saddle (arXiv 2604.06366)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.bisection import bisect
from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.systems.deep_linear.evolution import mode_law
from sgdmem.numeric.systems.deep_linear.flow import mode_flow, mode_flow_time
from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.systems.deep_linear.network import DeepLinearNetwork
from sgdmem.numeric.systems.deep_linear.runs import deep_linear_run
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import in_points
from sgdmem.phase_diagrams.pictures.palette import BLACK, GREY
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curves import (
    Legend,
    look,
    read_list,
    require_none,
    thick,
    thin,
)
from sgdmem.phase_diagrams.systems.self_describing import coordinate, self_describing, variable
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    import xarray

_ENDS = (0.05, 0.95)
_AFTER = 1.15  # of the time at which the slowest mode has 99% of its target
_MOST_STEPS = 10**6


@self_describing
def deep_linear_data(
    problem: Any = None,
    *,
    depth: int = 3,
    targets: Any = (4, 3, 2),
    start: Any = "0.01",
    learning_rate: Any = "0.002",
    batch_size: Any = 2,
    label_variance: Any = 0,
    seed: int = 0,
    points: int = 150,
    progress: bool = False,
) -> xarray.Dataset:
    r"""Compute strengths of modes of aligned and balanced layers, over their targets, by time.

    Parameters
    ----------
    problem : None
        Chosen by the diagram: Gaussian inputs of variance 1.
    depth : int
        L, from 2 on.
    targets : sequence of numbers
        :math:`s_a^*`, a mode each.
    start : number
        The strength of each, below its target.
    learning_rate, batch_size, label_variance
        Of SGD, as for `DeepLinearMode`.
    seed : int
        Of the real network's run.
    points : int
        Of a curve.
    progress : bool
        Show progress bars.

    Returns
    -------
    xarray.Dataset
        Over (``mode``, ``time``) ``flow``, of gradient flow, ``low`` and ``high``, 5% and 95% of
        the modes' diffusion, and ``network``, one run of a real network's SGD; over ``mode``
        ``peak``, the share of the target at which the diffusion is largest, and ``peak_time``, when
        gradient flow is there: infinite where labels' noise lets it grow up to the target.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> data = deep_linear_data(depth=2, targets=[3, 1], points=4)
    >>> data.peak.values
    array([0.5, 0.5])
    """
    import xarray

    require_none(problem, "deep-linear", "Gaussian inputs of variance 1")
    rate, first = positive_float(learning_rate, "learning_rate"), positive_float(start, "start")
    layers = whole(depth, "depth", 2, 100)
    size = whole(batch_size, "batch_size", 1)
    goals = sorted(
        (positive_float(x, "targets") for x in read_list(targets, "targets")), reverse=True
    )
    if goals[-1] <= first:
        raise InputError(f"targets must be above start, {first:g}, got {shown(targets)}")
    noise: Any = {"learning_rate": rate, "batch_size": size, "label_variance": label_variance}
    modes = [DeepLinearMode(layers, goal, **noise) for goal in goals]
    last = math.ceil(_end(modes, first, rate) / rate)
    steps = np.unique(np.linspace(0, last, whole(points, "points", 2)).round().astype(int))
    times = rate * steps
    network = DeepLinearNetwork(goals, layers, label_variance=label_variance)
    beginning = network.aligned_start(first)
    run = deep_linear_run(
        network, beginning, rate, size, last, record=steps.tolist(), seed=seed, progress=progress
    )
    bands = np.array([_band(mode, first, times, progress) for mode in modes])
    peaks = np.array([_peak(mode, first) for mode in modes])
    goal = np.array(goals)[:, None]
    both, share = ("mode", "time"), "strength over its target,"
    flow = np.array([mode_flow(mode, first, times) for mode in modes])
    return xarray.Dataset(
        {
            "flow": variable(both, flow / goal, f"{share} gradient flow"),
            "low": variable(both, bands[:, 0] / goal, f"{share} 5% of the diffusion"),
            "high": variable(both, bands[:, 1] / goal, f"{share} 95% of the diffusion"),
            "network": variable(
                both, run.strengths[:, 0].T / goal, f"{share} one run of SGD", "simulated"
            ),
            "peak": variable("mode", peaks[:, 0], f"{share} at the largest diffusion"),
            "peak_time": variable("mode", peaks[:, 1], "when gradient flow has that strength"),
        },
        {
            "mode": coordinate("mode", np.arange(1, len(modes) + 1), "mode"),
            "time": coordinate("time", times, "learning rate times steps"),
            "target": coordinate("mode", goals, "target"),
        },
    )


def _end(modes: Sequence[DeepLinearMode], start: float, rate: float) -> float:
    """Return the time of the picture; InputError if it has too many steps."""

    def end(first: float) -> float:
        slow = [mode for mode in modes if first < 0.99 * mode.target]
        times = [mode_flow_time(mode, first, 0.99 * mode.target) for mode in slow]
        return _AFTER * max(times, default=0.0)

    found = end(start)
    if found <= _MOST_STEPS * rate:
        return found
    least = min(mode.target for mode in modes)
    ends = math.log(start), math.log(least)
    _, enough = bisect(lambda x: end(math.exp(x)) > _MOST_STEPS * rate, *ends)
    ways = []
    if math.exp(enough) < least / 2:
        ways.append(f"start must be at least {_rounded_up(math.exp(enough))}")
    largest = min(2 / (mode.depth * mode.target ** (2 - 2 / mode.depth)) for mode in modes)
    if found < _MOST_STEPS * largest:  # with a rate at which gradient descent is stable
        ways.append(f"learning_rate must be at least {_rounded_up(found / _MOST_STEPS)}")
    needed = ", or ".join(ways) or "start and learning_rate must be larger"
    given = f"start {start:g} and learning_rate {rate:g}"
    raise InputError(f"{needed}, for a million steps, got {given}")


def _rounded_up(value: float) -> str:
    """Return a number to two digits, not below it."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return f"{math.ceil(value / unit) * unit:.2g}"


def _peak(mode: DeepLinearMode, start: float) -> tuple[float, float]:
    """Return where the diffusion is largest, as a share of the target, and when flow is there."""
    peak = mode.diffusion_peak()
    if not start < peak < mode.target:
        return peak / mode.target, math.inf if peak > start else 0.0
    return peak / mode.target, mode_flow_time(mode, start, peak)


def _band(mode: DeepLinearMode, start: float, times: Array, progress: bool) -> Array:
    """Return two quantiles of the law at each time, to some 0.01 of the target, (2, times)."""
    law = mode_law(mode, start, times[1:], tolerance="1/9", progress=progress)
    rising = np.maximum.accumulate(law.values, axis=1)
    found = [np.exp(np.interp(_ENDS, row, np.log(law.s))) for row in rising]
    return np.array([(start, start), *found]).T


def draw_deep_linear(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``law``, ``flow``, ``network`` and ``peak``."""
    from matplotlib.colors import to_hex, to_rgb

    times, goals = data["time"].values, data["target"].values
    for place, goal in enumerate(goals):
        flow, low, high, network = (
            data[name].transpose("mode", "time").values[place]
            for name in ("flow", "low", "high", "network")
        )
        colour = look(place)["color"]
        band = ax.fill_between(times, low, high, color=colour, alpha=0.25, linewidth=0)
        named("law", band)
        label = f"$s^*={goal:g}$"
        named("flow", *ax.plot(times, flow, label=label, **look(place), **thick(), zorder=4))
        red, green, blue = to_rgb(colour)
        dark = to_hex((0.6 * red, 0.6 * green, 0.6 * blue))  # not taken for the flow of the mode
        named("network", *ax.plot(times, network, **thin(dark), zorder=5))
    peak: dict[str, Any] = {
        "marker": "o",
        "linestyle": "none",
        "color": BLACK,
        "markerfacecolor": "white",
    }
    peak |= {"markersize": in_points(6), "zorder": 6}
    named("peak", *ax.plot(data["peak_time"], data["peak"], **peak))
    below = float(data["network"].min()) < 0  # steps of a real network may jump over 0
    ax.set(xlim=(0, times[-1]), ylim=(None if below else 0, None))
    if below:
        ax.axhline(0, **thin(GREY), zorder=1)
    ax.set(xlabel="learning rate times steps", ylabel="strength over target $s/s^*$")
    write_title(ax, f"Deep linear network, depth {data.attrs['depth']}", "small")
    explained: Legend = {
        "gradient flow": {"color": GREY, **thick()},
        "5% to 95% of SGD's diffusion": {"color": GREY, "alpha": 0.35, "linewidth": in_points(6)},
        "real network": thin(BLACK),
    }
    if np.isfinite(data["peak_time"]).any():  # with much noise of the labels there is none
        explained["largest diffusion"] = {k: value for k, value in peak.items() if k != "zorder"}
    return explained
