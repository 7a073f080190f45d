r"""Fejer steps of rounds: n of them reach nearly n^2 times as far, and pass theta_1.

For odd :math:`m=2h+1` and :math:`\lambda=\lambda_{i-1}\sin^2\phi` the rates
:math:`\alpha_k=1/(\lambda_{i-1}\sin^2\frac{\pi k}m)`, k from 1 to h, have

.. math:: F=\prod_k(1-\alpha_k\lambda)=\frac{\sin m\phi}{m\sin\phi},\qquad
    |F|\le\min\Big(1,\frac1{m\sin\phi}\Big),\qquad
    F^4\le\tfrac14(\lambda_i/\lambda)^2,\quad\lambda_i=\frac2{m^2}\lambda_{i-1},

:math:`\lambda_{i-1}\alpha_k\le m^2/4`, and :math:`\alpha_k\lambda\le\frac14` for
:math:`\lambda\le\lambda_{i-1}/m^2`. Blocks :math:`B_i` of steps of plain SGD, :math:`B_{i-1}^q`
before, between and after 4 steps of each rate, :math:`q\ge4\log_2m`, :math:`m\ge9`, then multiply w
by :math:`P_i`, :math:`|P_i|\le1`, and :math:`|P_i|\le\frac12(\lambda_i/\lambda)^2` for
:math:`\lambda_i\le\lambda`, if :math:`|P_0|\le1`, and at most
:math:`\frac12(\lambda_0/\lambda)^2` above :math:`\lambda_0`.

No product of consecutive factors in a block exceeds :math:`e^{7m/3}\max(1,|1-\alpha\lambda|)`, with
the largest rate of all.

With :math:`q=\lceil\max(4\log_2m,21+6Z)\rceil` the exponent that rounds in this pattern have by
theorem R is, for Z and then m large and small :math:`\xi`,

.. math:: \theta'=\frac{1+y+(1+\frac1Z)\xi}{1+(\frac4Z+\frac1\sigma)\xi}>\theta_1=1+y,\qquad
    \frac1\sigma=\frac{\log(2m(q+1))}{\log(m^2/2)},\quad y=1-\frac1\nu.

Method: products at random places; blocks by recursion in logarithms, with the largest product
from the start, to the end and between; for the exponents an m, which may have thousands of digits,
is found by doubling. Computed is by how much the largest ratio of two sides exceeds 1; theory is 0.
"""

from __future__ import annotations

from functools import partial
from math import ceil, exp, inf, log, log2
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger

STATEMENT = Statement(
    "Fejer steps of rounds",
    "docs/theory/larger-memory-time-dependent, section 3",
    tolerance=1e-9,
    reason="rounding of products",
)
_DEPTH = 5


class Pattern(NamedTuple):
    """How far a level reaches (ratio / m^power), blocks over those claimed, and bounds."""

    ratio: float = 2.0
    power: float = 2.0
    blocks: float = 1.0
    bound: float = 1.0
    consecutive: float = 7 / 3
    odd: int = 1


class Block(NamedTuple):
    """Logarithms of products of absolute values: all, and the largest of consecutive ones."""

    whole: Array
    first: Array
    last: Array
    between: Array

    def then(self, other: Block) -> Block:
        """Return the block of both, one after the other."""
        return Block(
            self.whole + other.whole,
            np.maximum(self.first, self.whole + other.first),
            np.maximum(other.last, other.whole + self.last),
            np.maximum(np.maximum(self.between, other.between), self.last + other.first),
        )


def claim(**changed: Any) -> Pattern:
    """Return the pattern of the page, or another."""
    return Pattern(**changed)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for several m, and exponents for several nu."""
    rng, pattern = np.random.default_rng(0), claim()
    found: dict[str, float] = {}
    for m in (9, 15, 31):
        found |= {
            f"{name}, m = {m}": x for name, x in product_ratios(m, 2000, rng, pattern).items()
        }
        found |= {f"{name}, m = {m}": x for name, x in block_ratios(m, 300, rng, pattern).items()}
    for nu in (1.1, 1.5, 2.0, 3.0, 10.0):
        found[f"exponent, nu = {nu:g}"] = exponent_ratio(nu, pattern)
    return [Case.within(name, ratio) for name, ratio in found.items()]


def product_ratios(
    m: int, draws: int, rng: np.random.Generator, pattern: Pattern
) -> dict[str, float]:
    """Return the largest ratios of one product of steps."""
    m = m - 1 + pattern.odd
    phi = np.pi / 2 * rng.random(draws) ** rng.choice([1, 4], draws)
    phi[: m // 2] = np.pi / m * (np.arange(m // 2) + 0.5)  # where |sin m phi| = 1
    nodes = _nodes(m)
    lam = np.sin(phi) ** 2
    F = np.prod(1 - nodes[:, None] * lam, axis=0)
    reach = pattern.ratio / m**pattern.power
    return {
        "product": 1 + float(abs(F - np.sin(m * phi) / (m * np.sin(phi))).max()),
        "bound": float((abs(F) * np.maximum(1, m * np.sin(phi))).max()) / pattern.bound,
        "fourth power": float((4 * F**4 * (lam / reach) ** 2).max()),
        "largest rate": float(nodes.max() * 4 / m**2),
    }


def block_ratios(
    m: int, draws: int, rng: np.random.Generator, pattern: Pattern
) -> dict[str, float]:
    """Return the largest ratios of blocks."""
    q = int(pattern.blocks * ceil(4 * log2(m)))
    reach = pattern.ratio / m**pattern.power
    lam = np.concatenate(
        [reach ** (rng.uniform(-1, _DEPTH + 1, draws)), reach ** np.arange(-1.0, 6)]
    )
    start = np.where(lam < 1, 0.0, log(0.5) - 2 * np.log(lam))  # lambda_0 is 1
    block = Block(start, *3 * [np.maximum(start, 0)])
    one = squares = between = -inf
    scale = 1.0
    for _ in range(_DEPTH):
        steps = [np.log(abs(1 - rate * lam / scale)) for rate in _nodes(m)]
        whole = _repeated(block, q)
        found = whole
        for x in steps:
            single = Block(x, *3 * [np.maximum(x, 0)])
            for _ in range(4):
                found = found.then(single).then(whole)
        block, scale = found, scale * reach
        one = larger(one, block.whole.max())
        after = lam >= scale
        squares = larger(
            squares, float((block.whole + log(2) + 2 * np.log(lam / scale))[after].max())
        )
        largest = np.maximum(0, np.max(steps, axis=0))
        between = larger(between, (block.between - largest).max())
    return {
        "block": _exp(one),
        "block beyond": _exp(squares),
        "consecutive": between / (pattern.consecutive * m),
    }


def exponent_ratio(nu: float, pattern: Pattern) -> float:
    """Return (1 + y)(1 / sigma + 4 / Z) / (1 + 1 / Z) for a large m, which is below 1 or not."""
    y = 1 - 1 / nu
    Z = ceil(4 * (3 + 4 * y) / (1 - y))
    ratio = inf
    for doubling in range(20):
        size = 2.0**doubling  # log m
        q = max(4 * size / log(2), 21 + 6 * Z) + 1
        sigma = (pattern.power * size - log(2)) / (size + log(2 * (q + 1)))
        if sigma > 0:
            ratio = min(ratio, (1 + y) * (1 / sigma + 4 / Z) / (1 + 1 / Z))
    return ratio


def _nodes(m: int) -> Array:
    """Return the rates for lambda_(i - 1) = 1."""
    rates: Array = 1 / np.sin(np.pi * np.arange(1, (m - 1) // 2 + 1) / m) ** 2
    return rates


def _exp(x: float) -> float:
    return exp(min(x, 700.0))


def _repeated(block: Block, q: int) -> Block:
    if not q:
        return Block(*4 * [np.zeros_like(block.whole)])
    found = block
    for _ in range(q - 1):
        found = found.then(block)
    return found


PERTURBED: dict[str, Claim] = {
    "even m": partial(claim, odd=0),
    "|F| <= 0.9 / (m sin phi)": partial(claim, bound=0.9),
    "lambda_i = lambda_(i - 1) / m^2": partial(claim, ratio=1.0),
    "consecutive factors up to e^m": partial(claim, consecutive=1.0),
    "no blocks between the steps": partial(claim, blocks=0),
    "n steps reach n times as far": partial(claim, power=1.0),
}
