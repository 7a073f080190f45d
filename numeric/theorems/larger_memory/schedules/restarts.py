r"""Exponents of restarts: how losses of schedules that restart in blocks fall.

The loss of the restarted schedule of memory M falls like
:math:`t^{-\theta_M\min(\zeta,2-1/\nu)}`, :math:`\theta_M=2-1/S_{M+1}`,
:math:`S_j=1+(\nu-1)+\dots+(\nu-1)^{j-1}`. What unit errors of all gradients of a block leave of
themselves in a mode that hardly moves, :math:`\sum_jr_j^2`, grows like :math:`2^{(1+2h_M)n}` with
the number n of the block, :math:`h_M=\theta_M-1`.

Method: exact losses on the infinite spectrum with noise, between the ends of two blocks; and
responses of the steps of late blocks, of memory 1 and 2.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.acceleration.accelerated import DELAY, accelerated
from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent
from sgdmem.numeric.acceleration.unit_rate import scaled
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Exponents of restarts",
    "docs/theory/larger-memory-schedules, Theorem 1",
    tolerance=0.015,
    reason="corrections to power laws at a hundred thousand steps",
)
_BATCH_SIZE = 10
_BLOCKS = (6, 9)  # after which losses are compared: 25,200 and 204,400 steps
_LATE = (9, 13)  # the first steps of these blocks of a schedule have responses
_SLOW = {nu: Problem.power_law(nu, 0.1) for nu in (2.0, 3.0)}  # admit small damping scales
PROBLEMS = ((2.0, 0.4, 2), (3.0, 0.25, 2), (2.0, 2.0, 1), (2.0, 2.0, 2))


class Exponents(NamedTuple):
    """Theta, the exponent of what blocks leave, and the method that is said to have them.

    ``gain`` multiplies its learning rates; ``scale`` is its damping scale, None for the usual one.
    """

    acceleration: float
    responses: float
    gain: float
    scale: float | None


def claim(
    exponent: float,
    memory: int,
    *,
    more: int = 0,
    per_step: int = 1,
    gain: float = 1.0,
    scale: float | None = None,
) -> Exponents:
    """Return theta, and the exponent of responses: 1 for the steps of a block, h for each error."""
    h = rate_exponent(exponent, memory + more)
    return Exponents(1 + h, per_step + 2 * h, gain, scale)


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents of losses, and of what blocks leave."""
    cases = []
    for nu, zeta, memory in PROBLEMS:
        problem = Problem.power_law(nu, zeta)
        claimed = claim(nu, memory)
        rule = _rule(problem if claimed.scale is None else _SLOW[nu], memory, claimed)
        first, last = (DELAY * (2**k - 1) for k in _BLOCKS)
        found = losses(rule, problem, _BATCH_SIZE, last)
        with np.errstate(invalid="ignore"):  # of losses that diverge
            fall = float(np.log2(found[first] / found[last]))
        measured = fall / (_BLOCKS[1] - _BLOCKS[0])
        theory = claimed.acceleration * min(zeta, 2 - 1 / nu)
        cases.append(Case(f"loss, nu = {nu:g}, zeta = {zeta:g}, M = {memory}", measured, theory))
    for nu, memory in ((2.0, 1), (2.0, 2), (3.0, 2)):
        rule = accelerated(Problem.power_law(nu), _BATCH_SIZE, memory=memory, restarts=True)
        left = [_left(rule, block) for block in _LATE]
        slope = float(np.log2(left[1] / left[0])) / (_LATE[1] - _LATE[0])
        cases.append(Case(f"blocks, nu = {nu:g}, M = {memory}", slope, claim(nu, memory).responses))
    return cases


def _rule(problem: Problem, memory: int, claimed: Exponents) -> Schedule:
    options: Any = {"damping_scale": claimed.scale, "restarts": True}
    return scaled(accelerated(problem, _BATCH_SIZE, memory=memory, **options), claimed.gain)


def _left(rule: Schedule, block: int) -> float:
    """Return the sum of squared responses of a block, of an eigenvalue near 0."""
    first, size = DELAY * (2**block - 1), DELAY * 2**block
    step = rule.steps(first, first + 1)
    dampings = 1 - np.diagonal(step.D[0])
    j = np.arange(size)[:, None]
    filled = (1 - (1 - dampings) ** j) / dampings
    response = step.alpha[0] - filled @ (step.b[0] * step.c[0])
    return float(response @ response)


PERTURBED: dict[str, Claim] = {
    "theta of one memory more": partial(claim, more=1),
    "theta of one memory less": partial(claim, more=-1),
    "ten times the learning rates": partial(claim, gain=10.0),
    "a damping scale of 0.2": partial(claim, scale=0.2),
    "responses of a block as of one error": partial(claim, per_step=0),
}
