r"""Energy of changing memory: it decays at either sign of the damping.

One step of memory 1, with :math:`W=\sqrt\lambda w`, :math:`0<\lambda\le1`, :math:`g\le\frac14`,
:math:`\beta^2\le g/8`, :math:`-\frac18\le\delta\le\frac12`:

.. math:: u'=(1-\delta)u+\beta\sqrt\lambda W,\qquad W'=(1-g\lambda)W-\beta\sqrt\lambda u'.

Let :math:`E=W^2+u^2`, :math:`\tilde E=E+2\beta\sqrt\lambda Wu`, :math:`V=\tilde E+
\frac{\tau-\delta}{\beta\sqrt\lambda}Wu`, :math:`\tau=\frac12\min(g\lambda,\beta^2/g)`,
:math:`\eta=|\delta|/(\beta\sqrt\lambda)`, :math:`\epsilon=|\delta|+\beta+g|\delta|/\beta^2`, and
let :math:`\beta` change by a share of at most :math:`|\delta|`. If
:math:`\eta+\epsilon\le\frac1{10}`, then

- :math:`\frac12E\le V\le\frac32E`;
- :math:`V'\le(1-\delta-\frac18\tau+K_0|\delta|(\eta+\epsilon))V` with :math:`K_0=1`, and with
  :math:`K_0=0` where :math:`\beta` is constant;
- where :math:`\delta` jumps V changes by a share of at most :math:`4\eta`, for the larger
  :math:`\eta`.

And without this condition :math:`\tilde E'\le(1+3|\delta|)\tilde E`, with 1 in place of 3 if
:math:`\delta>0`.

Method: random parameters, often on the edge of what is allowed. For the worst state each constant
is an eigenvalue of two quadratic forms with exact fractions as entries. Computed is by how much the
largest of these constants is above what is claimed; theory is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from math import sqrt
from typing import NamedTuple, TypeAlias

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger
from sgdmem.numeric.theorems.instances import random_share

STATEMENT = Statement(
    "Energy of changing memory",
    "docs/theory/larger-memory-time-dependent, section 1",
    tolerance=1e-9,
    reason="square roots are rounded",
)
_DRAWS = 300
_CLOSE = Fraction(1, 10)  # the largest eta + epsilon
Form: TypeAlias = tuple[Fraction, Fraction, Fraction]  # of W^2, W u (half its factor) and u^2


class Constants(NamedTuple):
    """How far V is from E, the rate over tau, K_0 at constant and moving beta, growth, jumps."""

    spread: Fraction = Fraction(1, 2)
    rate: Fraction = Fraction(1, 8)
    constant: int | Fraction = 0
    moving: int | Fraction = 1
    rising: int | Fraction = 3
    falling: int | Fraction = 1
    jump: int | Fraction = 4


class Step(NamedTuple):
    """Parameters of a step, sqrt(lambda), and the beta of the next one."""

    root: Fraction
    g: Fraction
    beta: Fraction
    delta: Fraction
    later: Fraction

    @property
    def eta(self) -> Fraction:
        """How far the step is from an adiabatic one."""
        return abs(self.delta) / (self.beta * self.root)

    @property
    def epsilon(self) -> Fraction:
        """How small its parameters are."""
        return abs(self.delta) + self.beta + self.g * abs(self.delta) / self.beta**2

    def tau(self, beta: Fraction) -> Fraction:
        """Return the damping by g."""
        return min(self.g * self.root**2, beta**2 / self.g) / 2

    def cross(self, beta: Fraction, delta: Fraction) -> Fraction:
        """Return half the factor of W u in V."""
        return self.root * beta + (self.tau(beta) - delta) / (2 * beta * self.root)

    def after(self, cross: Fraction) -> Form:
        """Return W^2 + u^2 + 2 cross W u after the step, of the state before."""
        r, s = self.beta * self.root, 1 - self.delta
        p, q = 1 - self.g * self.root**2 - r * r, -r * s
        return (
            p * p + r * r + 2 * cross * p * r,
            p * q + r * s + cross * (p * s + q * r),
            q * q + s * s + 2 * cross * q * s,
        )


def claim(**changed: Fraction) -> Constants:
    """Return the constants of the lemma, or others."""
    return Constants(**changed)


def check(claim: Claim = claim) -> list[Case]:
    """Compare the largest constants that random steps need with those claimed."""
    found = largest_needed(_DRAWS, np.random.default_rng(0), claim())
    return [
        Case(name, larger(0.0, needed - allowed), 0.0) for name, (needed, allowed) in found.items()
    ]


def largest_needed(
    draws: int, rng: np.random.Generator, claimed: Constants
) -> dict[str, tuple[float, float]]:
    """Return for each inequality the largest constant that random steps need, and the claimed."""
    return {
        name: (
            float(np.max([needed(rng, claimed) for _ in range(draws)])),
            float(getattr(claimed, field)),
        )
        for name, (field, needed) in _NEEDED.items()
    }


def _spread(rng: np.random.Generator, claimed: Constants) -> float:
    step = _close_step(rng, moves=False)
    return float(abs(step.cross(step.beta, step.delta)))


def _decay(rng: np.random.Generator, claimed: Constants, moves: bool) -> float:
    """Return K_0, for the claimed rate."""
    step = _close_step(rng, moves)
    cross = step.cross(step.beta, step.delta)
    kept = 1 - step.delta - claimed.rate * step.tau(step.beta)
    size = abs(step.delta) * (step.eta + step.epsilon)
    return _growth(step.after(step.cross(step.later, step.delta)), cross, kept, size)


def _crude(rng: np.random.Generator, claimed: Constants, sign: int) -> float:
    """Return the share of E~ that is won, over abs(delta)."""
    root, g = random_share(rng, 3), random_share(rng, 3) / 4
    delta = sign * random_share(rng, 3) / (2 if sign > 0 else 8)
    beta = _root(g / 9) * random_share(rng, 3)
    step = _moved(rng, root, g, beta, delta)
    return _growth(step.after(root * step.later), root * beta, Fraction(1), abs(delta))


def _jump(rng: np.random.Generator, claimed: Constants) -> float:
    """Return the share by which V changes, over the larger eta."""
    step = _close_step(rng, moves=False)
    other = step.delta * Fraction(int(rng.integers(-4, 5)), 4)
    change = (step.delta - other) / (2 * step.beta * step.root)
    cross = step.cross(step.beta, step.delta)
    return _growth((Fraction(1), cross + change, Fraction(1)), cross, Fraction(1), step.eta)


_NEEDED: dict[str, tuple[str, Callable[[np.random.Generator, Constants], float]]] = {
    "V near E": ("spread", _spread),
    "decay, constant": ("constant", partial(_decay, moves=False)),
    "decay, moving": ("moving", partial(_decay, moves=True)),
    "growth, delta < 0": ("rising", partial(_crude, sign=-1)),
    "growth, delta > 0": ("falling", partial(_crude, sign=1)),
    "jump of delta": ("jump", _jump),
}


def _growth(after: Form, cross: Fraction, kept: Fraction, size: Fraction) -> float:
    """Return the least x with after <= (kept + x size) (W^2 + u^2 + 2 cross W u) for all states."""
    before = (Fraction(1), cross, Fraction(1))
    a, b, c = ((x - kept * y) / size for x, y in zip(after, before, strict=True))
    half, product, square = (a + c - 2 * cross * b) / 2, a * c - b * b, 1 - cross * cross
    root = sqrt(half**2 - square * product)
    # the other form of the larger root where this one would lose digits
    return float((half + root) / square if half >= 0 else product / (half - root))


def _close_step(rng: np.random.Generator, moves: bool) -> Step:
    """Draw a step with eta + epsilon of at most 1/10, often exactly that."""
    while True:
        root, g, beta = (x * random_share(rng, 3) for x in (1, Fraction(1, 4), _CLOSE))
        if beta**2 * Fraction(11, 10) > g / 8 or beta == _CLOSE:
            continue
        most = (_CLOSE - beta) / (1 / (beta * root) + 1 + g / beta**2)
        delta = most * random_share(rng, 2) * (1 if rng.random() < 0.5 else -1)
        return _moved(rng, root, g, beta, delta, moves)


def _moved(
    rng: np.random.Generator,
    root: Fraction,
    g: Fraction,
    beta: Fraction,
    delta: Fraction,
    moves: bool = True,
) -> Step:
    share = Fraction(int(rng.choice([-2, -1, 1, 2])), 2) if moves else 0
    return Step(root, g, beta, delta, beta * (1 + share * abs(delta)))


def _root(square: Fraction) -> Fraction:
    return Fraction(sqrt(square)).limit_denominator(10**6)


PERTURBED: dict[str, Claim] = {
    "V within a quarter of E": partial(claim, spread=Fraction(1, 4)),
    "a rate of tau": partial(claim, rate=Fraction(1)),
    "K_0 = 0 though beta moves": partial(claim, moving=Fraction(0)),
    "K_0 = 1/5 though beta moves": partial(claim, moving=Fraction(1, 5)),
    "E~ grows by 1 + 2 abs(delta)": partial(claim, rising=Fraction(2)),
}
