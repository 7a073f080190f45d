"""Schedules of one family whose parameters change from step to step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family

_ADVICE = {  # for functions written for a single number, by words of Python's and NumPy's messages
    "truth value": " (np.where(t < 10, 0.1, 0.01) instead of an if)",
    "converted to Python scalars": " (NumPy's functions, such as np.sqrt, take arrays)",
}
StepFunction = Callable[[Array], Any]  # of step numbers 0, 1, ... as floats


def schedule(family: FamilyLike, **parameters: Any) -> Schedule:
    """Return a family whose parameters change from step to step.

    Parameters
    ----------
    family : function or str
        A constructor such as `sgdmem.heavy_ball`, any function of named parameters that returns an
        `Algorithm` and accepts symbols, or a command-line name.
    **parameters : number or function
        A function takes an array of step numbers 0, 1, ..., floats, and returns as many values:
        ``lambda t: np.where(t < 100, 0.1, 0.01)``, or ``lambda t: rates[t.astype(int)]`` for an
        array of rates, one for each step.

    Raises
    ------
    InputError
        If a parameter is unknown or missing, or the family does not take symbols.

    Examples
    --------
    >>> decaying = schedule("heavy-ball", learning_rate=0.1, momentum=lambda t: 1 - 1 / (t + 2))
    >>> decaying.steps(0, 3).D.ravel()
    array([0.5       , 0.66666667, 0.75      ])
    """
    constructor = find_family(family)
    moving = {name: value for name, value in parameters.items() if callable(value)}
    fixed = {name: value for name, value in parameters.items() if name not in moving}
    build = constructor.varying(list(moving), fixed)
    try:
        if not moving:
            return Schedule.constant(build())
        algorithm = build.symbolic()
    except InputError as error:
        for name, value in fixed.items():
            if is_list(value) and f"{name} must be one number" in str(error):
                raise InputError(
                    f"{name} must be one number, or a function of the step where it changes, such "
                    f"as lambda t: rates[t.astype(int)] for an array of rates, got {shown(value)}"
                ) from None
        raise
    evaluate = partial(_evaluated, algorithm.entries, moving)
    return Schedule(algorithm.memory, constructor.name, evaluate)


def _evaluated(
    entries: tuple[Any, ...], parameters: dict[str, StepFunction], t: Array
) -> Sequence[Any]:
    """Return the entries, expressions of parameters, at some steps."""
    values = [_called(key, function, t) for key, function in parameters.items()]
    found: Sequence[Any] = _compiled(entries, tuple(parameters))(*values)
    return found


def _called(name: str, function: StepFunction, t: Array) -> Array:
    """Return a parameter at some steps; InputError for whatever its function does wrong."""
    try:
        value = np.asarray(function(t))
        if value.dtype.kind not in "fiub":
            raise TypeError(f"it returns {value.dtype} instead of real numbers")
    except InputError:
        raise
    except Exception as error:
        advice = next((text for words, text in _ADVICE.items() if words in str(error)), "")
        raise InputError(
            f"{name} must be a function of an array of floats, the numbers of steps{advice}: "
            f"{error}"
        ) from error
    if value.shape not in ((), t.shape):
        raise InputError(
            f"{name} must return one number for each step, got shape {value.shape} "
            f"for {t.size} steps"
        )
    return value.astype(float)


@lru_cache(maxsize=64)
def _compiled(entries: tuple[Any, ...], names: tuple[str, ...]) -> Callable[..., Any]:
    """Return a function from arrays of parameters to arrays of entries."""
    from sympy import Symbol, lambdify

    symbols = [Symbol(name, real=True) for name in names]
    return lambdify(symbols, list(entries), modules="numpy", cse=True)  # type: ignore[no-any-return]
