r"""Energy inequalities: energy of interlacing methods decays, also while parameters move.

In the notation of "Energy identities", with :math:`\mathcal D=g\lambda^2w^2+\lambda s^2+
\sum\delta_iu_i^2`, :math:`g\le\frac12`, :math:`F\le\min(g/6,1/16)`,
:math:`\delta_M\le\delta_i\le\frac12`:

- :math:`\tilde E'-\tilde E\le-\mathcal D`, and :math:`\le-\frac34\mathcal D` if each
  :math:`\beta_i` changes by a share of at most :math:`\delta_M/8`; if, moreover, each
  :math:`u_i'` is multiplied by :math:`1+\vartheta_i`, :math:`|\vartheta_i|\le\delta_M/64`, once
  w' is formed, :math:`\le-\frac12\mathcal D`;
- :math:`V=\tilde E-2\kappa wu_M` with :math:`\varepsilon=1/(8+8F/\beta_M^2)`,
  :math:`\kappa=\varepsilon\delta_M/\beta_M` falls by :math:`1-\frac34\varepsilon\delta_M` if
  :math:`\lambda\beta_M^2\ge\delta_M^2`, :math:`\beta_M^2\ge g\delta_M`, and by
  :math:`1-\frac38\varepsilon\delta_M` if :math:`\kappa`, too, changes by at most
  :math:`\delta_M/4`;
- backward, for :math:`F\le g/2` and changes of at most :math:`\delta_M/16`,
  :math:`H=(1-f)W^2+|\hat v|^2` falls by :math:`.45(\lambda gW^2+\sigma^2+
  \sum\delta_i\hat v_i^2)`.

Method: at random rational parameters each is a quadratic form, whose definiteness the pivots of
Gauss's elimination decide in exact fractions, for all states at once. Computed is the number of
parameters at which it fails; theory is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import random_share

STATEMENT = Statement(
    "Energy inequalities",
    "docs/theory/larger-memory-schedules, Lemmas 3, 6, 7 and 8",
    tolerance=0.0,
    reason="signs of exact fractions",
)
_DRAWS = 100
_HALF = Fraction(1, 2)
Form = list[list[Fraction]]
Row = list[Fraction]
SHARES = {
    "dissipation": Fraction(1),
    "dissipation, moving": Fraction(3, 4),
    "dissipation, otherwise realised, moving": Fraction(1, 2),
    "decay": Fraction(3, 4),
    "decay, moving": Fraction(3, 8),
    "backward": Fraction(9, 20),
}


def claim(name: str, **changed: Fraction) -> Fraction:
    """Return the share of the dissipation, or of epsilon delta_M, that is lost in a step."""
    return {**SHARES, **changed}[name]


def check(claim: Claim = claim) -> list[Case]:
    """Count parameters at which an inequality fails for some state."""
    rng = np.random.default_rng(0)
    return [
        Case(name, float(sum(not holds(name, claim(name), rng) for _ in range(_DRAWS))), 0.0)
        for name in SHARES
    ]


def holds(name: str, share: Fraction, rng: np.random.Generator) -> bool:
    """Draw parameters, and decide whether the inequality holds for all states.

    States are (sqrt(lambda) w, u), or (W, hat v); all entries are fractions as sqrt(lambda) is.
    """
    backward, moving = name == "backward", name.endswith("moving") or name == "backward"
    root, g, beta, delta = _parameters(rng, backward, decays=name.startswith("decay"))
    M = len(beta)
    least = min(delta)
    signs = [Fraction(int(rng.integers(-2, 3)), 2 * (16 if backward else 8)) for _ in beta]
    later = [x * (1 + moving * sign * least) for x, sign in zip(beta, signs, strict=True)]
    first, *auxiliary = ([Fraction(int(i == j)) for j in range(M + 1)] for i in range(M + 1))
    b, c = ([root * x for x in vector] for vector in (beta, later))
    if backward:
        s = _combined(b, auxiliary)
        new = _sum(_times(1 - root**2 * g, first), _times(Fraction(-1), s))
        hats = [
            _sum(_times(1 - d, v), _times(x, new))
            for d, v, x in zip(delta, auxiliary, c, strict=True)
        ]
        before = _squares([(1 - _norm(b), first), *((Fraction(1), v) for v in auxiliary)])
        after = _squares([(1 - _norm(c), new), *((Fraction(1), v) for v in hats)])
    else:
        changed = [
            _sum(_times(1 - d, v), _times(x, first))
            for d, v, x in zip(delta, auxiliary, b, strict=True)
        ]
        s = _combined(b, changed)  # sqrt(lambda) s
        new = _sum(_times(1 - root**2 * g, first), _times(Fraction(-1), s))
        if "otherwise realised" in name:
            parts = [Fraction(int(rng.integers(-2, 3)), 128) for _ in beta]
            changed = [_times(1 + x * least, v) for x, v in zip(parts, changed, strict=True)]
        before, after = (_energy(*state) for state in ((b, first, auxiliary), (c, new, changed)))
    lost = _squares([(root**2 * g, first), (Fraction(1), s), *zip(delta, auxiliary, strict=True)])
    if name.startswith("decay"):
        epsilon = 1 / (8 + 8 * _norm(beta) / beta[-1] ** 2)
        kappa = epsilon * least / beta[-1] / root
        shift = 1 + moving * Fraction(int(rng.integers(-2, 3)), 8) * least
        before = _sum_forms(before, _product(first, auxiliary[-1]), -kappa)
        after = _sum_forms(after, _product(new, changed[-1]), -kappa * shift)
        lost = [_times(epsilon * least, row) for row in before]
    margin = _sum_forms(_sum_forms(before, after, Fraction(-1)), lost, -share)
    return semidefinite(margin)


def _parameters(
    rng: np.random.Generator, backward: bool, decays: bool
) -> tuple[Fraction, Fraction, Row, Row]:
    """Return sqrt(lambda), g, beta and delta that the assumptions admit, often on their edge."""
    while True:
        M = int(rng.integers(1, 4))
        delta = sorted((random_share(rng, 5) / 2 for _ in range(M)), reverse=True)
        root, g = random_share(rng, 2), random_share(rng, 4) / 2
        beta = [random_share(rng, 1) for _ in range(M)]
        most = g / 2 if backward else min(g / 6, Fraction(1, 16))
        edge = Fraction(19, 20) if rng.random() < 0.5 else random_share(rng, 2)
        scale = Fraction(float(np.sqrt(float(edge * most / _norm(beta))))).limit_denominator(10**8)
        beta = [x * scale for x in beta]
        last = beta[-1] ** 2
        fits = not decays or (last >= g * delta[-1] and root**2 * last >= delta[-1] ** 2)
        if scale > 0 and fits and _norm(beta) * Fraction(21, 20) <= most:
            return root, g, beta, delta


def _norm(vector: Sequence[Fraction]) -> Fraction:
    return sum((x * x for x in vector), Fraction(0))


def _times(factor: Fraction, row: Row) -> Row:
    return [factor * x for x in row]


def _sum(one: Row, other: Row) -> Row:
    return [x + y for x, y in zip(one, other, strict=True)]


def _combined(factors: Row, rows: list[Row]) -> Row:
    found = [Fraction(0)] * len(rows[0])
    for factor, row in zip(factors, rows, strict=True):
        found = _sum(found, _times(factor, row))
    return found


def _product(one: Row, other: Row) -> Form:
    """Return the matrix of twice the product of two linear forms."""
    return [
        [x * v + y * u for u, v in zip(one, other, strict=True)]
        for x, y in zip(one, other, strict=True)
    ]


def _squares(terms: Sequence[tuple[Fraction, Row]]) -> Form:
    found = [[Fraction(0)] * len(terms[0][1]) for _ in terms[0][1]]
    for factor, row in terms:
        found = _sum_forms(found, _product(row, row), factor / 2)
    return found


def _energy(b: Row, w: Row, u: list[Row]) -> Form:
    squares = _squares([(Fraction(1), w), *((Fraction(1), row) for row in u)])
    return _sum_forms(squares, _product(w, _combined(b, u)), Fraction(1))


def _sum_forms(one: Form, other: Form, factor: Fraction) -> Form:
    return [_sum(x, _times(factor, y)) for x, y in zip(one, other, strict=True)]


def semidefinite(form: Form) -> bool:
    """Return whether a symmetric matrix has no negative direction, by its pivots."""
    rest = [list(row) for row in form]
    while rest:
        pivot = max(range(len(rest)), key=lambda i: rest[i][i])
        top = rest[pivot]
        if top[pivot] < 0 or (top[pivot] == 0 and any(any(row) for row in rest)):
            return False
        if top[pivot] == 0:
            return True
        keep = [i for i in range(len(rest)) if i != pivot]
        rest = [[rest[i][j] - rest[i][pivot] * top[j] / top[pivot] for j in keep] for i in keep]
    return True


PERTURBED: dict[str, Claim] = {
    "a fifth more dissipation": partial(claim, dissipation=Fraction(6, 5)),
    "decay at the rate 3 epsilon": partial(claim, decay=Fraction(3)),
    "all of the dissipation backward": partial(claim, backward=Fraction(1)),
}
