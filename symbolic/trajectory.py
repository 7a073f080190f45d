"""Exact runs of algorithms whose parameters change from step to step (Proposition 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgdmem.symbolic.algorithm import Algorithm, unflatten
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.polynomials import dot
from sgdmem.symbolic.scalars import as_scalar, exact_field


def trajectory(algorithms: Sequence[Algorithm], lam: Any, w0: Any = 1) -> list[Any]:
    """Return w_0 ... w_T on the loss lam w^2 / 2 from u_0 = 0, one algorithm a step.

    Parameters
    ----------
    algorithms
        The T steps, all of one memory.
    lam, w0
        Numbers or expressions; with a symbol for ``lam`` each w_t is a polynomial in it.

    Raises
    ------
    InputError
        If the memories differ.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from sgdmem.symbolic.named import heavy_ball
    >>> trajectory([heavy_ball("1/2", "1/2")] * 2, Symbol("lambda"))[1]
    1 - lambda/2
    """
    memories = {algorithm.memory for algorithm in algorithms}
    if len(memories) > 1:
        raise InputError(f"algorithms must have one memory, got {sorted(memories)}")
    entries = [entry for algorithm in algorithms for entry in algorithm.entries]
    scalars = (as_scalar(lam, "lam"), as_scalar(w0, "w0"), *entries)
    (eigenvalue, w, *rest), back = exact_field(scalars)
    path = [back(w)]
    u: list[Any] = []
    for algorithm in algorithms:
        M = algorithm.memory
        size = len(algorithm.entries)
        row, rest = rest[:size], rest[size:]
        alpha, b, c, D, a = unflatten(row, M)
        u = u or [0 * w] * M
        gradient = eigenvalue * (w + dot(a, u))
        w, u = (
            w - alpha * gradient + dot(b, u),
            [dot(D[i], u) + c[i] * gradient for i in range(M)],
        )
        path.append(back(w))
    return path


def step_recurrence(previous: Algorithm, current: Algorithm) -> tuple[Any, Any, Any]:
    """Return (kappa, q_1, q_0) of the recurrence that two consecutive memory-1 steps obey.

    ``w[t+2] = (1 + kappa) w[t+1] - kappa w[t] + q_1 g[t+1] + q_0 g[t]``: with a = 0 and b[t] != 0
    the old u can be eliminated, kappa = b[t+1] D[t] / b[t]. Proposition 1 of arXiv 2410.04228 shows
    that without these conditions there is none.

    Raises
    ------
    InputError
        Unless both have memory 1 and a = 0, and the b of ``previous`` is not 0.
    """
    for algorithm in (previous, current):
        if algorithm.memory != 1 or algorithm.a[0] != 0:
            raise InputError("a recurrence of changing steps needs memory 1 and a = 0")
    if previous.b[0] == 0:
        raise InputError("there is no such recurrence when b = 0 in the earlier step")
    elements, back = exact_field((*previous.entries, *current.entries))
    alpha, b, c, D, _ = elements[:5]
    next_alpha, next_b = elements[5:7]
    kappa = next_b * D / b
    return back(kappa), back(-next_alpha), back(kappa * alpha + next_b * c)
