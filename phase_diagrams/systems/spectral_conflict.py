r"""How fast tokens learn by their frequency, under one momentum for all (arXiv 2605.28961)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import number, positive_float, whole
from sgdmem.numeric.systems.sparse_momentum import SparseInputs
from sgdmem.numeric.verdicts.convergence_rate import convergence_rate
from sgdmem.phase_diagrams.maps.axes import range_of
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.surroundings import write_title
from sgdmem.phase_diagrams.systems.curves import (
    Legend,
    curves_of,
    dot,
    look,
    numbers,
    read_list,
    require_none,
    theory,
    thick,
    told,
)
from sgdmem.phase_diagrams.systems.self_describing import coordinate, self_describing, variable
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.named_algorithms import sgdm

if TYPE_CHECKING:
    import xarray


@self_describing
def spectral_conflict_data(
    problem: Any = None,
    *,
    learning_rate: Any = 1,
    momenta: Any = ("0", "0.9", "0.99", "0.999"),
    batch_size: Any = 64,
    dimension: Any = 1,
    probability: tuple[float, float] = (1e-5, 0.5),
    points: int = 60,
) -> xarray.Dataset:
    r"""Compute how fast the mean loss of a token falls by its probability, relative to slow SGD.

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
        Over the range; there are more where curves bend.

    Returns
    -------
    xarray.Dataset
        ``speed`` over (``momentum``, ``probability``), and over ``momentum`` ``oscillation``, the
        probability from which on means oscillate, and ``at_oscillation``, the speed there; NaN
        beyond the range.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> data = spectral_conflict_data(points=3, momenta=["0.9"])
    >>> round(data.oscillation.item(), 4)
    0.0263
    """
    import xarray

    require_none(problem, "spectral-conflict", "tokens")
    rate = positive_float(learning_rate, "learning_rate")
    _, low, high = range_of("probability", probability)
    count = whole(points, "points", 2)
    dimension = whole(number(dimension, "dimension"), "dimension", 1)
    given = read_list(momenta, "momenta")
    values = numbers(given, "momenta")
    root = np.sqrt(np.maximum(values, 0))
    begins = (1 - root) / (1 + root) / rate
    bends = np.outer(begins, np.geomspace(0.6, 1.6, count // 4)).ravel()
    chosen = np.unique([*np.geomspace(low, high, count), *bends[(bends > low) & (bends < high)]])
    begins = np.where((low < begins) & (begins < high), begins, np.nan)
    methods = [sgdm(learning_rate, momentum) for momentum in given]

    def speeds(method: Algorithm, probabilities: Any) -> list[float]:
        return [_speed(method, p, rate, dimension, batch_size) for p in probabilities]

    there = [
        np.nan if np.isnan(p) else speeds(method, [p])[0]
        for method, p in zip(methods, begins, strict=True)
    ]
    found = [speeds(method, chosen) for method in methods]
    speed = "speed of learning over that of slow SGD"
    return xarray.Dataset(
        {
            "speed": variable(("momentum", "probability"), found, speed),
            "oscillation": variable("momentum", begins, "probability at which means oscillate"),
            "at_oscillation": variable("momentum", there, f"{speed}, there"),
        },
        {
            "momentum": coordinate("momentum", values, "momentum"),
            "probability": coordinate("probability", chosen, "probability of a token"),
            "learning_rate": coordinate((), rate, "learning rate"),
            "batch_size": coordinate((), float(batch_size), "batch size", "samples"),
        },
    )


def draw_spectral_conflict(data: xarray.Dataset, ax: Any) -> Legend:
    """Draw the `artists` ``speed``, ``slow-sgd`` and ``oscillation``, where that begins."""
    p = data["probability"].values
    for place, one in enumerate(curves_of(data, "momentum")):
        curve = {"label": told(r"\beta", one["momentum"]), **look(place), **thick()}
        named("speed", *ax.plot(p, one["speed"], **curve))
        where = float(one["oscillation"]), float(one["at_oscillation"])
        if np.isfinite(where).all():
            named("oscillation", *ax.plot(*where, **dot(look(place)["color"]), zorder=7))
    named("slow-sgd", ax.axhline(1, **theory(), zorder=1))
    ax.set(xscale="log", xlim=p[[0, -1]], ylim=(0, 1.05 * float(data["speed"].max())))
    ax.set(xlabel="probability $p$ of a token", ylabel="speed, relative to slow SGD")
    rate, size = (f"{float(data[name]):g}" for name in ("learning_rate", "batch_size"))
    write_title(ax, rf"SGDM, $\eta = {rate}$, $B = {size}$", "small")
    return {"oscillates from here on": dot(), "slow SGD": theory()}


def _speed(method: Algorithm, p: float, rate: float, dimension: Any, batch_size: Any) -> float:
    token = SparseInputs(p, dimension, activity="exclusive", signs=True)
    found = convergence_rate(method, token.problem, batch_size).mean_square
    return -math.log(found) / (2 * rate * p)
