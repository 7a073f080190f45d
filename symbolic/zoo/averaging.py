"""Averages of iterates, which are algorithms too."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.algorithms.constructors import family
from sgdmem.symbolic.algorithms.family import FAMILIES as FAMILIES
from sgdmem.symbolic.algorithms.printing import number_text
from sgdmem.symbolic.algorithms.update_notation import Publication
from sgdmem.symbolic.zoo.named_algorithms import sgd


def averaging(algorithm: Algorithm, rate: Any) -> Algorithm:
    """Exponential moving average of an algorithm's iterates, as an algorithm of memory M + 1.

    The output is ``w <- (1 - rate) w + rate z``, z being the iterate of ``algorithm``; the
    first auxiliary vector is ``z - w``. Exact for any loss. For 0 < rate < 2 stability and the
    noise sum U' are those of ``algorithm``; only U, that of the loss at the output, changes.

    Parameters
    ----------
    algorithm : Algorithm
        Of any memory.
    rate : number or expression
        Share of the newest iterate, usually from 0 (excluded) to 1. Beyond 0 < rate < 2 the average
        itself diverges.

    Examples
    --------
    >>> averaging(sgd("0.5"), "0.1").noise_summand(1) == sgd("0.5").noise_summand(1)
    True
    """
    require_algorithm(algorithm, "algorithm")
    rate = as_scalar(rate, "rate")
    keep = 1 - rate
    return Algorithm(
        rate * algorithm.alpha,
        b=(rate, *(rate * entry for entry in algorithm.b)),
        c=(-keep * algorithm.alpha, *algorithm.c),
        D=(
            (keep, *(keep * entry for entry in algorithm.b)),
            *((0, *row) for row in algorithm.D),
        ),
        a=(1, *algorithm.a),
        name=algorithm.name and f"averaging({algorithm.name}, rate={number_text(rate)})",
        title=algorithm.title and f"averaged {algorithm.title}",
        floats=algorithm.floats,
    )


@family(
    "averaged SGD",
    update=["z <- z - learning_rate gradient(z)", "w <- (1 - rate) w + rate z"],
    reference=Publication(
        "B. T. Polyak and A. B. Juditsky",
        *(1992, "SIAM J. Control Optim. 30, there with equal weights"),
        "Acceleration of stochastic approximation by averaging",
    ),
)
def averaged_sgd(learning_rate: Any, rate: Any) -> Algorithm:
    """Exponential moving average of SGD's iterates; see `averaging`.

    Examples
    --------
    >>> averaged_sgd("0.5", "0.1").memory
    1
    """
    return averaging(sgd(learning_rate), rate)
