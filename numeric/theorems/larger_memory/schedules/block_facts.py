r"""Block facts: what a block of a restarted schedule can do to a mode.

Take interlacing poles and zeros, :math:`0<p_M<z_M<\dots<p_1<z_1`, of

.. math:: -\varphi=\frac\gamma w\Big(1-\frac w2\Big)\prod_i\frac{w+z_i}{w+p_i},\qquad
    w=2\frac{x-1}{x+1},

as constant parameters g, :math:`\beta` and :math:`\delta` of the form of "Energy identities", with
:math:`F=\sum\beta_i^2`. Let :math:`a_j` be w after j steps from w = 1, and :math:`r_j` after j
steps from 0 of which the first had an error 1 of its gradient; memory is 0 before. Then

- all residues :math:`\beta_i^2(1-\delta_i)` are positive;
- :math:`g=\gamma\prod(2-z_i)/(2-p_i)`, and :math:`F\le\min(g/6,1/16)` if :math:`z_1\le1/8`,
  :math:`\gamma\le1/3`;
- :math:`a_j^2\le(1-\lambda g)/(1-\lambda F)` if moreover :math:`\lambda\le1`;
- :math:`a_j^2\le1` if :math:`z_1\le.98` and :math:`\lambda\gamma\le1`;
- :math:`|r_j|\le\alpha_{\mathrm{eff}}`.

Method: steps in exact fractions from the partial fractions of the method, random poles and zeros.
Computed is the largest violation; theory is that there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement, widen
from sgdmem.numeric.theorems.instances import random_share
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import (
    Interlacing,
    PartialFractions,
)

STATEMENT = Statement(
    "Block facts",
    "docs/theory/larger-memory-schedules, Lemmas 1, 4 and 5 and the proposition",
    tolerance=0.0,
    reason="exact fractions",
)
_DRAWS, _STEPS = 8, 40


class Facts(NamedTuple):
    """What the facts say of each quantity.

    Bounds of the residues over alpha z_1, from below; g / gamma; bounds of F / g, F and a_j^2; how
    large z_1 may be; and the bound of abs(r_j) / alpha_eff.
    """

    residue: Fraction
    gradient_rate: Fraction
    share: Fraction
    pull: Fraction
    square: Fraction
    largest_zero: Fraction
    response: Fraction


def claim(
    poles: Sequence[Fraction],
    zeros: Sequence[Fraction],
    rates: tuple[Fraction, Fraction],
    *,
    largest_zero: Fraction = Fraction(98, 100),
    first_step: int = 1,
    response: Fraction = Fraction(1),
    residue: Fraction = Fraction(0),
    share: Fraction = Fraction(1, 6),
    largest_pull: Fraction = Fraction(1, 16),
) -> Facts:
    """Return the facts, for rates lambda g and lambda F; the first step takes lambda g of a^2."""
    pairs = zip(zeros, poles, strict=True)
    taken, pull = rates
    return Facts(
        residue,
        prod(((2 - z) / (2 - p) for z, p in pairs), start=Fraction(1)),
        share,
        largest_pull,
        (1 - first_step * taken) / (1 - pull),
        largest_zero,
        response,
    )


def check(claim: Claim = claim) -> list[Case]:
    """Step through blocks of methods with small and with large first zeros."""
    worst: dict[str, float] = {}
    rng = np.random.default_rng(0)
    for method in _methods(rng, Fraction(1, 8), Fraction(1, 3)):
        lam = Fraction(1) if rng.random() < 0.5 else random_share(rng, 2, 100)
        parts = method.partial_fractions
        pull, g = parts.pull, parts.g
        facts = claim(method.poles, method.zeros, (lam * g, lam * pull))
        excesses = {
            "residues": _too_small(parts, facts, method),
            "rate g": abs(g / method.gain - facts.gradient_rate),
            "F / g": pull / g - facts.share,
            "F": pull - facts.pull,
            "square": max(w * w for w in _signal(lam, parts)) - facts.square,
        }
        widen(worst, excesses)
    nothing = Fraction(0)
    facts = claim([Fraction(1)], [Fraction(1)], (nothing, nothing))
    for method in _methods(rng, facts.largest_zero, Fraction(1)):
        parts = method.partial_fractions
        widen(worst, {"residues": _too_small(parts, facts, method)})
        for lam in (Fraction(1), Fraction(82, 100), Fraction(1, 10**6)):
            eigenvalue = lam / method.gain
            rise = max(map(abs, _signal(eigenvalue, parts))) - 1
            response = max(map(abs, _steps(eigenvalue, parts, nothing, Fraction(1))))
            widen(
                worst, {"largest zero": rise, "response": response - facts.response * method.rate}
            )
    return [Case(name, excess, 0.0) for name, excess in worst.items()]


def _too_small(parts: PartialFractions, facts: Facts, method: Interlacing) -> Fraction:
    """Return whether a residue is, as 0 or 1."""
    return Fraction(min(parts.residues) <= facts.residue * parts.alpha * method.zeros[0])


def _methods(rng: np.random.Generator, largest: Fraction, gain: Fraction) -> Iterator[Interlacing]:
    """Draw interlacing roots below a largest zero, which is taken often, and gains."""
    for draw in range(_DRAWS):
        roots = [largest if draw % 2 == 0 else largest * random_share(rng, 1, 100)]
        for number in range(2 * int(rng.integers(1, 4)) - 1):
            tiny = draw % 4 == 0 and number == 0
            roots.append(
                roots[-1]
                * (Fraction(1, 10**9) if tiny else random_share(rng, 1, 100) * Fraction(9, 10))
            )
        gains = gain * (1 if draw % 3 else random_share(rng, 2, 100))
        yield Interlacing(tuple(roots[1::2]), tuple(roots[::2]), gains)


def _signal(lam: Fraction, parts: PartialFractions) -> Iterator[Fraction]:
    return _steps(lam, parts, Fraction(1), Fraction(0))


def _steps(
    lam: Fraction, parts: PartialFractions, w: Fraction, error: Fraction
) -> Iterator[Fraction]:
    """Yield w after each step from memory 0; the first gradient has an error."""
    alpha, f, dampings = parts
    memory = [Fraction(0)] * len(f)
    for _ in range(_STEPS):
        G = lam * w + error
        error = Fraction(0)
        w = w - alpha * G + sum(memory, Fraction(0))
        memory = [(1 - d) * y - x * G for d, y, x in zip(dampings, memory, f, strict=True)]
        yield w


PERTURBED: dict[str, Claim] = {
    "residues of at least a hundredth": partial(claim, residue=Fraction(1, 100)),
    "F up to g / 8": partial(claim, share=Fraction(1, 8)),
    "F up to 1 / 25": partial(claim, largest_pull=Fraction(1, 25)),
    "zeros up to 3/2": partial(claim, largest_zero=Fraction(3, 2)),
    "the first step takes twice as much": partial(claim, first_step=2),
    "nine tenths of the effective rate": partial(claim, response=Fraction(9, 10)),
}
