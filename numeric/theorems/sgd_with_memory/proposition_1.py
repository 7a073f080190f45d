r"""Proposition 1: with parameters that change from step to step there is no such equivalence.

Memory 1, :math:`u_0 = 0`, :math:`L = \lambda w^2/2`. A recurrence
:math:`w_{t+2} = p_1w_{t+1} + p_0w_t + \lambda(q_1w_{t+1} + q_0w_t)`, :math:`p_0+p_1 = 1`, whose
coefficients do not depend on lambda,

1. does not exist for t = 0 if (and only if) :math:`\alpha_0 = 0`, :math:`\alpha_1a_1c_0 \ne 0`:
   then :math:`w_1` is constant in lambda, but :math:`w_2` has degree 2;
2. with a = 0, does not exist for t = 1 if (and only if) :math:`b_1 = 0`,
   :math:`\alpha_0c_0D_1b_2\ne0`: at :math:`\lambda = 1/\alpha_0` the run is 1, 0, 0, not 0;
3. with a = 0 and all :math:`b_t\ne0` is, with :math:`\kappa = b_{t+1}D_t/b_t`,

   .. math:: w_{t+2} = (1+\kappa)w_{t+1} - \kappa w_t - \alpha_{t+1}g_{t+1}
       + (\kappa\alpha_t + b_{t+1}c_t)g_t.

Method: exact runs at six eigenvalues; a recurrence exists if and only if the linear equations for
its coefficients have a solution (ranks over the rationals). Entries are small numbers, often 0, so
that both outcomes occur. Counted are wrong predictions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.systems.changing_steps import exact_trajectory

STATEMENT = Statement(
    "Proposition 1",
    "arXiv 2410.04228, Proposition 1; parts 2 and 3 are sgdmem's",
    tolerance=0.0,
    reason="exact fractions; wrong predictions are counted",
)

_EIGENVALUES = tuple(Fraction(number, 3) for number in (-4, -1, 1, 2, 5, 7))
_GROUPS, _RUNS = 4, 60  # cases of each part, and runs of each


def claim(steps: Sequence[Algorithm]) -> tuple[bool, tuple[Fraction, ...] | None]:
    """Return whether a recurrence for the last step exists, and (p_1, p_0, q_1, q_0) if known.

    Two steps of any kind, or three or more with a = 0.
    """
    previous, current = steps[-2:]
    (b,), (c,), ((D,),) = previous.b, previous.c, previous.D
    (next_b,) = current.b
    if current.a[0] != 0:
        return not (previous.alpha == 0 and current.alpha * current.a[0] * c != 0), None
    if b == 0:
        before = steps[-3] if len(steps) > 2 else None
        remembered = before is not None and before.alpha * before.c[0] * D * next_b != 0
        return not remembered, None
    kappa = next_b * D / b
    return True, (1 + kappa, -kappa, -current.alpha, kappa * previous.alpha + next_b * c)


def check(claim: Claim = claim) -> list[Case]:
    """Count wrong predictions of each part, in groups."""
    return [
        Case(label, sum(_wrong(*run, claim) for run in runs), 0) for label, runs in _runs().items()
    ]


@cache
def _runs() -> dict[str, list[tuple[list[Algorithm], list[list[Any]], bool]]]:
    """Return steps, the equations of a recurrence, and whether they can be solved."""
    rng = np.random.default_rng(12)
    found = {}
    for group in range(_GROUPS):
        for part in (1, 2, 3):
            drawn = [_random_steps(rng, part) for _ in range(_RUNS)]
            found[f"part {part}, {_RUNS} runs, group {group}"] = [
                (steps, *_equations(steps)) for steps in drawn
            ]
    return found


def _random_steps(rng: np.random.Generator, part: int) -> list[Algorithm]:
    """Draw entries from -1 ... 2, those of b without 0 in part 3."""
    steps = []
    for _ in range(2 if part == 1 else 3):
        alpha, b, c, D, a = map(int, rng.integers(-1, 3, 5))
        if part == 3:
            b = b or 3
        steps.append(Algorithm(alpha, b=b, c=c, D=D, a=a if part == 1 else 0))
    return steps


def _equations(steps: Sequence[Algorithm]) -> tuple[list[list[Any]], bool]:
    equations: list[list[Any]] = []
    for lam in _EIGENVALUES:
        *_, w0, w1, w2 = exact_trajectory(steps, lam)
        equations.append([w1, w0, lam * w1, lam * w0, w2])
    equations.append([1, 1, 0, 0, 1])
    return equations, _rank([row[:-1] for row in equations]) == _rank(equations)


def _wrong(
    steps: Sequence[Algorithm], equations: list[list[Any]], solvable: bool, claim: Claim
) -> bool:
    exists, coefficients = claim(steps)
    if coefficients is None:
        return bool(solvable != exists)
    holds = all(
        sum(x * y for x, y in zip(coefficients, row[:-1], strict=True)) == row[-1]
        for row in equations
    )
    return not (solvable and exists and holds)


def _rank(rows: Sequence[Sequence[Fraction | int]]) -> int:
    from flint import fmpq, fmpq_mat

    exact = [[fmpq(x.numerator, x.denominator) for x in row] for row in rows]
    return int(fmpq_mat(exact).rank())


def _kappa_forgotten(steps: Sequence[Algorithm]) -> tuple[bool, tuple[Fraction, ...] | None]:
    exists, known = claim(steps)
    return exists, known and (*known[:3], steps[-1].b[0] * steps[-2].c[0])


def _without_old_alpha(steps: Sequence[Algorithm]) -> tuple[bool, tuple[Fraction, ...] | None]:
    """Forget that alpha_0 must not vanish for there to be no recurrence."""
    exists, known = claim(steps)
    if len(steps) < 3 or steps[-2].b[0] != 0:
        return exists, known
    return steps[0].c[0] * steps[1].D[0][0] * steps[2].b[0] == 0, known


PERTURBED: dict[str, Claim] = {
    "a recurrence always exists": lambda steps: (True, claim(steps)[1]),
    "never when a is not 0": lambda steps: (
        claim(steps)[0] and not any(s.a[0] for s in steps),
        None,
    ),
    "kappa alpha_t forgotten": _kappa_forgotten,
    "alpha_0 = 0 does not matter": _without_old_alpha,
}
