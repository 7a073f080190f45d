"""Exact runs of algorithms whose parameters change from step to step (Proposition 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.polynomials import dot
from sgdmem.symbolic.algebra.scalars import as_scalar, exact_field
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.errors import InputError


def exact_trajectory(algorithms: Sequence[Algorithm], lam: Any, w0: Any = 1) -> list[Any]:
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
    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
    >>> exact_trajectory([heavy_ball("1/2", "1/2")] * 2, Symbol("lambda"))[1]
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
        alpha, b, c, D, a, shrink = Blocks.of_row(row, M)
        u = u or [0 * w] * M
        gradient = eigenvalue * (w + dot(a, u))
        w, u = (
            w - shrink * w - alpha * gradient + dot(b, u),
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
        require_no_shrink(algorithm, "a recurrence of changing steps")
        if algorithm.memory != 1 or algorithm.a[0] != 0:
            raise InputError("a recurrence of changing steps needs memory 1 and a = 0")
    if previous.b[0] == 0:
        raise InputError("there is no such recurrence when b = 0 in the earlier step")
    elements, back = exact_field((*previous.entries, *current.entries))
    alpha, (b,), (c,), ((D,),), *_ = Blocks.of_row(elements[:5], 1)
    next_alpha, (next_b,), *_ = Blocks.of_row(elements[5:], 1)
    # Vectors of coefficients of w[t+1], w[t], g[t+1], g[t].
    w1, w0, g1, g0 = ([int(i == j) for j in range(4)] for i in range(4))
    u = [(x - y + alpha * z) / b for x, y, z in zip(w1, w0, g0, strict=True)]
    next_u = [c * z + D * x for z, x in zip(g0, u, strict=True)]
    w2 = [x - next_alpha * z + next_b * y for x, z, y in zip(w1, g1, next_u, strict=True)]
    return back(-w2[1]), back(w2[2]), back(w2[3])


def counterexamples() -> tuple[list[Any], list[Any]]:
    """Return two symbolic runs that no step-dependent recurrence (8) of memory 1 can make.

    Proposition 1 of arXiv 2410.04228; the gradient is lambda times the point, w_0 = 1, u_0 = 0.

    Returns
    -------
    shifted : list
        w_0, w_1, w_2 as polynomials in lambda when a is not 0 and alpha_0 = 0: of degrees 0, 0, 2,
        while a recurrence w_2 = p_1 w_1 + p_0 w_0 + lambda (q_1 w_1 + q_0 w_0) allows degree 1.
    unshifted : list
        w_0 ... w_3 at lambda = 1/alpha_0 when a = 0 and b_1 = 0: 1, 0, 0 and then not 0, while the
        recurrence gives w_3 = 0 after w_1 = w_2 = 0.

    Examples
    --------
    >>> _, unshifted = counterexamples()
    >>> unshifted
    [1, 0, 0, D_1*b_2*c_0/alpha_0]
    """
    from sympy import Symbol

    def step(t: int, **fixed: Any) -> Algorithm:
        entries = {name: Symbol(f"{name}_{t}", real=True) for name in ("alpha", *"bcDa")}
        return Algorithm(**{**entries, **fixed})

    shifted = exact_trajectory([step(0, alpha=0), step(1)], Symbol("lambda", positive=True))
    steps = [step(0, a=0), step(1, a=0, b=0), step(2, a=0)]
    return shifted, exact_trajectory(steps, 1 / steps[0].alpha)
