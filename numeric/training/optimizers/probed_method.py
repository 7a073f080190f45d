r"""From responses to impulses to a method: its memory, its rates and its weight decay.

A weight changes at step t by

.. math:: \sum_{s\le t}h_{ts}(g_s+\omega w_s)-\sigma_tw_t,\qquad
    h_{tt}=-\alpha_t,\quad h_{ts}=r_tk_{t-s}q_s\ (s<t)

where g are gradients, :math:`\omega` is weight decay in the gradient, and :math:`\sigma_t`
decoupled decay. A schedule of the rate after a buffer is :math:`r_t`, one before it :math:`q_s`;
with :math:`k_j=b^TD^{j-1}c` the steps are those of :math:`(\alpha_t,r_tb,q_tc,D)`. So the first
step may be an exception, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.schedules.schedule import Schedule, Steps, table_schedule
from sgdmem.numeric.training.optimizers.hankel_realization import realization
from sgdmem.numeric.training.optimizers.impulse_responses import (
    BURN_IN,
    LAGS,
    Responses,
    Stepper,
    responses,
)
from sgdmem.numeric.training.optimizers.linear_optimizer import LinearOptimizer
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

MOST_PROBED = 10**4
_SAME = 1e-10
_REPEATED = 1e-9
_LEAST = BURN_IN + 2 * LAGS


def probed(stepper: Stepper, steps: int | None) -> LinearOptimizer:
    """Return the method of an optimizer that is known by its steps alone.

    Parameters
    ----------
    stepper
    steps
        For a Schedule of so many, up to 10**4; None for what it does after 32 steps.

    Raises
    ------
    InputError
        If it is no linear method of bounded memory, or its memory changes from step to step.
    """
    if steps is not None and steps > MOST_PROBED:
        raise InputError(
            f"steps must be at most {MOST_PROBED:,} for {stepper.name}, whose steps are tried one "
            f"by one, got {steps:,}"
        )
    found = responses(stepper, max(steps or 0, _LEAST))
    factors = _factors(found)
    if factors is None:
        raise stepper.refusal("what it remembers changes from step to step")
    made = realization(_flush(factors.kernel))
    if made is None:
        raise stepper.refusal(f"it remembers more than {(LAGS - 1) // 2} vectors")
    decay, shrink = _decay(stepper, found, factors)
    b, c, D = made
    ones = np.ones(len(shrink))
    table = np.column_stack(
        [
            _flush(-found.to_gradients[:, 0]),
            factors.left[:, None] * b,
            factors.right[:, None] * c,
            ones[:, None] * D.ravel(),
            np.zeros((len(ones), b.size)),
            *([shrink] if shrink.any() else []),
        ]
    )
    if not _repeats(stepper, Steps.of_entries([*table.T], b.size, len(table)), decay):
        raise stepper.refusal(f"it remembers more than {(LAGS - 1) // 2} vectors")
    return _read(stepper, table, b.size, decay, steps)


def _repeats(stepper: Stepper, entries: Steps, decay: float) -> bool:
    """Return whether a method makes the steps of random gradients at random points."""
    size = len(entries)

    def given(t: int) -> tuple[Array, Array]:
        gradients, points = np.random.default_rng([1, t]).standard_normal((2, size, 3))
        return gradients, points

    u, off, largest = np.zeros((entries.b.shape[1], size, 3)), 0.0, 0.0
    for t, change in enumerate(stepper.steps(size, size, given)):
        gradients, points = given(t)
        gradients = gradients + decay * points
        expected = -entries.alpha[t] * gradients - entries.shrink[t] * points
        expected += np.tensordot(entries.b[t], u, axes=1)
        u = entries.c[t][:, None, None] * gradients + np.tensordot(entries.D[t], u, axes=1)
        off, largest = max(off, abs(change - expected).max()), max(largest, abs(change).max())
    return bool(off <= _REPEATED * largest)


def _read(
    stepper: Stepper, table: Array, memory: int, decay: float, steps: int | None
) -> LinearOptimizer:
    later, notes = table[BURN_IN:], ["it was read from steps that it made from its start"]
    stays = bool((abs(later - later[0]) <= _SAME * abs(later).max(axis=0)).all())
    always = bool((abs(table - later[0]) <= _SAME * abs(later).max(axis=0)).all())
    one = Algorithm(*Blocks.of_row(later[0].tolist(), memory), name=stepper.name)
    method: Algorithm | Schedule = one
    if steps is None:
        if not stays:
            notes.append(
                f"its rate changes from step to step: this is step {BURN_IN}; ask with steps=... "
                "for a schedule"
            )
        elif not always:
            notes.append("its first steps are others: ask with steps=... for a schedule")
    elif always:
        method = Schedule.constant(one)
    else:
        method = table_schedule(table[:steps], memory, stepper.name)
    return LinearOptimizer(method, stepper.name, weight_decay=decay, notes=tuple(notes))


@dataclass(frozen=True)
class _Factors:
    """The responses later than at once are left[t] kernel[t - s - 1] right[s]."""

    left: Array
    kernel: Array
    right: Array


def _factors(found: Responses) -> _Factors | None:
    """Return the factors of responses; None if they have none."""
    late, known = found.to_gradients[:, 1:], found.known[:, 1:]
    steps, ones = len(late), np.ones(len(late))
    size = abs(found.to_gradients).max()
    if abs(late).max() <= _SAME * size:
        return _Factors(ones, np.zeros(late.shape[1]), ones)
    lag = int(abs(late[BURN_IN:-LAGS]).mean(axis=0).argmax())  # one step less than the real lag
    after = late[: steps - lag - 1, lag]  # of impulses whose answer is known
    before = np.concatenate([np.full(lag + 1, after[0]), after])
    for left, right in (
        (_even(before), ones),
        (ones, _even(np.concatenate([after, np.full(lag + 1, after[-1])]))),
    ):
        shape = known * left[np.minimum(_times(late.shape), steps - 1)] * right[:, None]
        kernel = (late * shape).sum(axis=0) / np.maximum((shape**2).sum(axis=0), 1e-300)
        if abs(late - shape * kernel).max() <= _SAME * size:
            return _Factors(left, kernel, right)
    return None


def _times(shape: tuple[int, ...]) -> Array:
    """Return the step t = s + i + 1 of each response."""
    return np.arange(shape[0])[:, None] + np.arange(shape[1]) + 1


def _even(factors: Array) -> Array:
    """Return factors over their largest; all 1 if they differ by rounding alone."""
    scaled = factors / (factors[abs(factors).argmax()] or 1.0)
    return np.ones_like(scaled) if abs(scaled - 1).max() <= _SAME else scaled


def _flush(values: Array) -> Array:
    """Return values with those that are rounding errors of others as 0."""
    return np.where(abs(values) <= 1e-14 * abs(values).max(initial=0.0), 0.0, values) + 0.0


def _decay(stepper: Stepper, found: Responses, factors: _Factors) -> tuple[float, Array]:
    """Return the weight decay in the gradient, and the share by which w shrinks at each step."""
    g, w = found.to_gradients, found.to_points
    none = np.zeros(len(g))
    size = abs(g).max()
    if abs(w).max() <= 1e-14 * size:
        return 0.0, none
    part = slice(1, None) if factors.kernel.any() else slice(0, 1)
    weights = float((g[:, part] ** 2).sum())
    decay = float((w[:, part] * g[:, part]).sum()) / weights if weights else 0.0
    rest = w - decay * g
    if abs(rest[:, 1:]).max() > _SAME * abs(w).max():
        raise stepper.refusal("its steps depend on the weights, and not by weight decay")
    if abs(rest).max() <= _SAME * abs(w).max():
        return decay, none
    if not factors.kernel.any():  # decay that is not in proportion to the rates
        return 0.0, -w[:, 0]
    return (0.0 if abs(decay) * size <= _SAME * abs(w).max() else decay), -rest[:, 0]
