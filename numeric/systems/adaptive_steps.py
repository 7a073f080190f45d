"""Steps of AdaGrad, RMSProp and Adam, as `torch.optim` takes them, on the constructed problem.

See `sgdmem.numeric.systems.adaptive_methods`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import below_one, number
from sgdmem.numeric.systems.adaptive_methods import AdaptiveProblem
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

Gradients: TypeAlias = Callable[[], Array]
_MOST = 10**8  # numbers that a run returns


def adaptive_run(
    problem: AdaptiveProblem,
    method: str,
    learning_rates: Any,
    *,
    epsilon: Any = 0,
    betas: Any = ("0.9", "0.9"),
    start: Any = None,
) -> Array:
    r"""Return the iterates of an adaptive method on the constructed problem, in floats.

    Parameters
    ----------
    problem : AdaptiveProblem
    method : str
        "adagrad", "rmsprop" or "adam".
    learning_rates : sequence of numbers, shape (T,)
        One for each step. On its ray AdaGrad converges with any constant one. RMSProp does not,
        where epsilon is 0: as residuals fall so do denominators. It hovers about the solution, as
        Adam does, and there rounding may be amplified across the ray, until the run leaves it.
    epsilon : number >= 0
        Added to the root. With 0, a coordinate without gradients stays where it is.
    betas : (number, number)
        From 0 to 1, without 1: that of the mean of gradients, for Adam, and of their squares, for
        Adam and RMSProp.
    start
        As for `AdaptiveProblem.minimum_norm`.

    Returns
    -------
    array, shape (T + 1, 3 + 5 n)

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> from sgdmem.systems import adaptive_problem
    >>> print(adaptive_run(adaptive_problem([1, 1, -1]), "adagrad", [0.1] * 300)[-1, :4])
    [0.25 0.25 0.25 0.25]
    """
    if method not in _METHODS:
        raise InputError(f"method must be among {', '.join(_METHODS)}, got {shown(method)}")
    rates = read_vector(learning_rates, "learning_rates")
    if rates.size * problem.dimension > _MOST:
        raise InputError(
            f"learning_rates must be at most {_MOST // problem.dimension:,} for "
            f"{problem.dimension} weights, got {rates.size:,}"
        )
    added = float(number(epsilon, "epsilon"))
    if added < 0:
        raise InputError(f"epsilon must be 0 or positive, got {shown(epsilon)}")
    if not is_list(betas) or len(betas) != 2:
        raise InputError(f"betas must be two numbers, got {shown(betas)}")
    first, second = (float(below_one(b, "betas")) for b in betas)
    w = problem.exact_start(start).astype(float)
    points = [w]

    def gradient() -> Array:
        return -problem.transposed(problem.residual(points[-1])) / len(problem.labels)

    directions = _METHODS[method](gradient, added, first, second)
    for rate in rates:
        points.append(points[-1] - rate * next(directions))
    return np.array(points)


def _adagrad(gradient: Gradients, epsilon: float, first: float, second: float) -> Iterator[Array]:
    squares: Any = 0.0
    while True:
        g = gradient()
        squares = squares + g**2
        yield _over(g, np.sqrt(squares), epsilon)


def _rmsprop(gradient: Gradients, epsilon: float, first: float, second: float) -> Iterator[Array]:
    squares: Any = 0.0
    while True:
        g = gradient()
        squares = second * squares + (1 - second) * g**2
        yield _over(g, np.sqrt(squares), epsilon)


def _adam(gradient: Gradients, epsilon: float, first: float, second: float) -> Iterator[Array]:
    mean: Any = 0.0
    squares: Any = 0.0
    left = right = 1.0
    while True:
        g = gradient()
        mean, left = first * mean + (1 - first) * g, left * first
        squares, right = second * squares + (1 - second) * g**2, right * second
        yield _over(mean / (1 - left), np.sqrt(squares / (1 - right)), epsilon)


def _over(numerator: Array, root: Array, epsilon: float) -> Array:
    below = root + epsilon
    return np.divide(numerator, below, out=np.zeros_like(root), where=below > 0)


_METHODS = {"adagrad": _adagrad, "rmsprop": _rmsprop, "adam": _adam}
