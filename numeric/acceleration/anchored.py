r"""Methods that are drawn back to where they started, less and less: Halpern's iteration.

After every step :math:`\hat w` of a method w becomes :math:`\beta_tw_0+(1-\beta_t)\hat w` with
:math:`\beta_t=C/(t+t_0)`, and memory is multiplied by :math:`1-\beta_t` too. What noise has done is
forgotten in time, so that it no longer decides how fast the loss falls: SGD on a power law has the
exponent :math:`\min(\zeta,2,2-1/\nu+2C)` in place of :math:`\min(\zeta,2-1/\nu)`
(docs/theory/larger-memory-limits, Theorem J0).

References
----------
    B. Halpern, Fixed points of nonexpanding maps, Bull. AMS 73, 957 (1967).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.schedules.schedule import Schedule, read_schedule
from sgdmem.symbolic.errors import InputError, shown


def anchored(algorithm: Any, decay: Any = 0.5, *, offset: Any = 20) -> Schedule:
    r"""Return a method with :math:`w\leftarrow\beta_tw_0+(1-\beta_t)w` after each of its steps.

    Its auxiliary vectors are multiplied by :math:`1-\beta_t`, too; :math:`\beta_t=C/(t+t_0)` after
    the step from t to t + 1, t = 0, 1, ...

    For smooth targets, :math:`\zeta>2-1/\nu`, where noise would decide. On rough ones it gains
    nothing: for :math:`\zeta\le1` losses are up to 1.4 times as large with a decay of 1/4, up to
    1.9 times with 1/2.

    Parameters
    ----------
    algorithm : Algorithm, Schedule, or list of Algorithm
        Of memory M; what comes back has memory M + 1, since it remembers :math:`w_0`.
    decay : number > 0
        C. With :math:`1/2\nu` SGD has the best exponent that this gives, which is proved; AM1 needs
        :math:`(2-1/\nu)/2\nu`, an observation; 1/2 is enough for both. For :math:`\zeta>2` the
        loss is proportional to :math:`C^2`.
    offset : number
        :math:`t_0\ge C`.

    Raises
    ------
    InputError
        For an argument outside its domain, and a method that shrinks w.

    Examples
    --------
    >>> from sgdmem import Problem, losses, sgd
    >>> problem = Problem.power_law(2, zeta=3)
    >>> for rule in (sgd("0.3"), anchored(sgd("0.3"), 0.25)):
    ...     found = losses(rule, problem, 3, 10_000)
    ...     print(f"{found[1000] / found[10_000]:.0f}")
    32
    99
    """
    rule = read_schedule(algorithm)
    C = positive_float(decay, "decay")
    first = positive_float(offset, "offset")
    if not first >= C:
        raise InputError(f"offset must be at least decay, {shown(decay)}, got {shown(offset)}")
    if rule.shrinks:
        raise InputError(f"algorithm must not shrink w: {rule.name} is drawn to 0 already")
    name = f"{rule.name}, anchored"
    return Schedule(rule.memory + 1, name, partial(_entries, rule, C, first))


def _entries(rule: Schedule, C: float, first: float, t: Array) -> list[Any]:
    """Return entries of a method that has w - w_0 as the last part of its memory."""
    steps, M = rule.some_steps(t), rule.memory
    kept = 1 - C / (t + first)
    alpha, shared = kept * steps.alpha, kept[:, None] * steps.b
    D = np.zeros((t.size, M + 1, M + 1))
    D[:, :M, :M] = kept[:, None, None] * steps.D
    D[:, M, :M], D[:, M, M] = shared, kept
    b = np.column_stack([shared, kept - 1])
    c = np.column_stack([kept[:, None] * steps.c, -alpha])
    a = np.column_stack([steps.a, np.zeros(t.size)])
    return [alpha, *b.T, *c.T, *D.reshape(t.size, -1).T, *a.T]
