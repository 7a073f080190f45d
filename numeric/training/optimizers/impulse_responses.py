"""What an unknown optimizer does, from the steps that it makes: whether it is linear, and how.

It is asked on one matrix of n rows and 2 columns and one vector of length n, as an array of shape
(n, 3). Points are given from outside, so that it is told apart whether steps depend on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.errors import InputError, shown

Inputs: TypeAlias = Callable[[int], tuple[Array, Array]]  # gradients and points of a step

LAGS = 48
"""Over how many steps responses are looked at."""
BURN_IN = 32
"""Steps after which an optimizer that goes on for ever is expected to do always the same."""
_TRIED = BURN_IN + 8
_ROUNDING = 1e-9


class Stepper(Protocol):
    """What makes the steps of an optimizer from its start on."""

    name: str

    def steps(self, size: int, count: int, inputs: Inputs, start: float = 0.0) -> Iterator[Array]:
        """Yield by how much the weights change at each step, arrays of shape (size, 3).

        ``start`` is what all weights are when the optimizer is made.
        """
        ...

    def refusal(self, seen: str) -> InputError:
        """Return the error about something that was seen, with what can be asked instead."""
        ...


@dataclass(frozen=True)
class Responses:
    """Answers to impulses.

    Attributes
    ----------
    to_gradients, to_points : ndarray, shape (S, L)
        The change of a weight at step s + i if its gradient, or the weight itself, is 1 at step s
        and 0 at all others. 0 where s + i >= S.
    """

    to_gradients: Array
    to_points: Array

    @property
    def known(self) -> Array:
        """Where s + i < S."""
        S, L = self.to_gradients.shape
        return np.asarray(np.arange(S)[:, None] + np.arange(L) < S)


def responses(stepper: Stepper, steps: int) -> Responses:
    """Return the answers of a linear optimizer to impulses at each of its first steps.

    Raises
    ------
    InputError
        If it is not linear, or moves a weight by the gradients of others.
    """
    try:
        _require_linear(stepper, steps)
        return Responses(*(_band(stepper, steps, place) for place in (0, 1)))
    except InputError:
        raise
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        raise stepper.refusal(f"its step fails on plain arrays ({shown(text)})") from None


def _band(stepper: Stepper, steps: int, place: int) -> Array:
    """Return the answers to impulses of gradients (place 0) or points (1), weight s at step s."""

    def inputs(t: int) -> tuple[Array, Array]:
        given = np.zeros((2, steps, 3))
        given[place, t] = 1.0
        return given[0], given[1]

    band = np.zeros((steps, LAGS))
    for t, change in enumerate(stepper.steps(steps, steps, inputs)):
        lags = np.arange(min(t + 1, LAGS))
        band[t - lags, lags] = change[t - lags, 0]
    return band


def _require_linear(stepper: Stepper, size: int) -> None:
    """Raise InputError for what is not linear; of one ``size``, for which code is compiled once."""
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 2, _TRIED, size, 3))

    def made(given: Array, start: float = 0.0) -> Array:
        found = stepper.steps(size, _TRIED, lambda t: (given[0, t], given[1, t]), start)
        return np.array([*found])

    def same(found: Array, expected: Array) -> bool:
        largest = abs(expected).max()
        return bool(abs(found - expected).max() <= _ROUNDING * largest)

    still, change = made(0 * first), made(first)
    if not np.isfinite([still, change]).all():
        raise stepper.refusal("its steps are not finite")
    if still.any():
        raise stepper.refusal("it moves where all gradients are 0")
    for factor, text in (
        (2.0, "twice the gradient does not give twice the step"),
        (-1.0, "the opposite gradient does not give the opposite step"),
        (2.0**30, "a much larger gradient does not give a step that is as much larger"),
        (2.0**-30, "a much smaller gradient does not give a step that is as much smaller"),
    ):
        if not same(made(factor * first), factor * change):
            raise stepper.refusal(text)
    if not same(made(first + second), change + made(second)):
        raise stepper.refusal("the step of a sum of gradients is not the sum of their steps")
    if not same(made(first, start=1.0), change):
        raise stepper.refusal("it keeps the weights that it began with")
    alone = np.zeros_like(first)
    alone[:, :, 0, 0] = first[:, :, 0, 0]
    expected = np.zeros_like(change)
    expected[:, 0, 0] = change[:, 0, 0]
    if not same(made(alone), expected):
        raise stepper.refusal("the step of a weight depends on the gradients of others")
    alike = np.broadcast_to(first[:, :, :1, :1], first.shape)
    if not same(made(alike), np.broadcast_to(expected[:, :1, :1], change.shape)):
        raise stepper.refusal("weights with the same gradients make different steps")
