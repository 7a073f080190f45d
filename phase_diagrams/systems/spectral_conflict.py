r"""How fast tokens learn by their frequency, under one momentum for all (arXiv 2605.28961)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import number, positive_float, whole
from sgdmem.numeric.systems.sparse_momentum import SparseInputs
from sgdmem.numeric.verdicts.convergence_rate import convergence_rate
from sgdmem.phase_diagrams.maps.axes import range_of
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, sized
from sgdmem.phase_diagrams.pictures.surroundings import new_axes, settle, write_title
from sgdmem.phase_diagrams.systems.curves import (
    dot,
    explain,
    look,
    read_list,
    require_none,
    theory,
    thick,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.named_algorithms import sgdm


@sized
def draw_spectral_conflict(
    problem: Any = None,
    *,
    learning_rate: Any = 1,
    momenta: Any = ("0", "0.9", "0.99", "0.999"),
    batch_size: Any = 64,
    dimension: Any = 1,
    probability: tuple[float, float] = (1e-5, 0.5),
    points: int = 60,
    ax: Any = None,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    r"""Draw how fast the mean loss of a token falls by its probability, relative to slow SGD.

    That is :math:`-\log\rho/(2\eta p)` with the factor :math:`\rho` of a step in the long run: 1
    where the learning rate is small without momentum. Each momentum helps tokens near one
    frequency, where their means begin to oscillate.

    Parameters
    ----------
    problem : None
        Chosen by the diagram: tokens, one at a time, as of `zipf_tokens`.
    learning_rate : number
        :math:`\eta` of SGDM, :math:`m\leftarrow\beta m+(1-\beta)g,\ w\leftarrow w-\eta m`.
    momenta : sequence of numbers
        A curve for each.
    batch_size : number
    dimension : int
        Coordinates of a token.
    probability : (float, float)
        The range, (low, high).
    points : int
        Of a curve.
    ax, explained, size
        See `named_diagram`.

    Returns
    -------
    matplotlib axes
        With the `artists` ``speed``, ``slow-sgd`` and ``oscillation``, where that begins.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> axes = draw_spectral_conflict(points=3)
    >>> axes.get_xlabel()
    'probability $p$ of a token'
    """
    require_none(problem, "spectral-conflict", "tokens")
    rate = positive_float(learning_rate, "learning_rate")
    _, low, high = range_of("probability", probability)
    count = whole(points, "points", 2)
    dimension = whole(number(dimension, "dimension"), "dimension", 1)
    ax = new_axes(size) if ax is None else ax
    for place, momentum in enumerate(read_list(momenta, "momenta")):
        method = sgdm(learning_rate, momentum)
        root = math.sqrt(max(float(number(momentum, "momenta")), 0))
        begins = (1 - root) / (1 + root) / rate
        seen = low < begins < high
        bend = begins * np.array([*np.geomspace(0.6, 1.6, count // 4), 1])
        chosen = np.sort([*np.geomspace(low, high, count), *bend[(bend > low) & (bend < high)]])
        speeds = [_speed(method, p, rate, dimension, batch_size) for p in chosen]
        label = rf"$\beta = {momentum}$"
        named("speed", *ax.plot(chosen, speeds, label=label, **look(place), **thick()))
        if seen:
            where = begins, _speed(method, begins, rate, dimension, batch_size)
            named("oscillation", *ax.plot(*where, **dot(look(place)["color"]), zorder=7))
    named("slow-sgd", ax.axhline(1, **theory(), zorder=1))
    top = max(np.max(line.get_ydata()) for line in ax.lines)
    ax.set(xscale="log", xlim=(low, high), ylim=(0, 1.05 * top))
    ax.set(xlabel="probability $p$ of a token", ylabel="speed, relative to slow SGD")
    write_title(ax, rf"SGDM, $\eta = {rate:g}$, $B = {float(batch_size):g}$", "small")
    if explained:
        explain(ax, {"oscillates from here on": dot(), "slow SGD": theory()})
    settle(ax)
    return ax


def _speed(method: Algorithm, p: float, rate: float, dimension: Any, batch_size: Any) -> float:
    token = SparseInputs(p, dimension, activity="exclusive", signs=True)
    found = convergence_rate(method, token.problem, batch_size).mean_square
    return -math.log(found) / (2 * rate * p)
