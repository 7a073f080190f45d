r"""Quadratic variation: how much a mode moves backward, whatever its state and however long.

The transposed steps of an interlacing method, counted backward, with :math:`b=\sqrt\lambda\beta`,

.. math:: W_{n+1}-W_n=-(\lambda g_nW_n+b_n\cdot\hat v_n),\qquad
    \hat v_{j,n+1}=(1-\delta_{j,n})\hat v_{j,n}+b_{j,n+1}W_{n+1},

have for :math:`F=|\beta|^2\le g/2`, :math:`F\le R^2\beta_i^2`, :math:`\beta_M^2\ge g\delta_M`,
:math:`g,\delta_i\le\frac12`, falling :math:`\delta_i` and changes of each b by a share of at most
:math:`\delta_M/16`, all within a factor 2, from every state

.. math:: \sum_n(W_{n+1}-W_n)^2\le K\Bigl(\lambda g+\sum_i\min\Bigl(\frac{\lambda F}{\delta_i},
    \delta_{i-1}\Bigr)\Bigr)H_0,\qquad\delta_0=\frac Fg,\qquad
    H=(1-|b|^2)W^2+|\hat v|^2,

and :math:`\sum_nH_n\le K'H_0/\delta_M` if :math:`|b|\ge\delta_M`. K and K' depend on M and R only;
for :math:`M\le4`, :math:`R\le10` the numbers 1 and 5 are enough, which is not proved.

Method: thousands of random methods, of which b drifts as fast as it may, and g and
:math:`\delta` jump; the sums as quadratic forms of the first state, at the worst one. Computed is
the largest violation; theory is that there is none.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Quadratic variation",
    "docs/theory/larger-memory-schedules, Lemma 9",
    tolerance=1e-9,
    reason="rounding of sums",
)
_DRAWS, _STEPS, _JUMPS = 900, 1000, 50
KINDS = ((1, 1.0), (2, 2.0), (2, 10.0), (3, 2.0), (3, 10.0), (4, 2.0), (4, 10.0))  # M and R


class Rates(NamedTuple):
    """Parameters of many methods at one moment; beta and delta have a column for each memory."""

    lam: Array
    g: Array
    beta: Array
    delta: Array

    @property
    def pull(self) -> Array:
        """F."""
        return np.asarray((self.beta**2).sum(axis=1))


def claim(
    rates: Rates, *, shift: int = 0, step: float = 1.0, K: float = 1.0, weak: bool = False
) -> tuple[Array, Array]:
    r"""Return what both sums are at most, over H_0.

    ``shift`` takes delta_i in the minimum, ``step`` is the share of lambda g, and ``weak`` claims
    the second bound where b is below delta_M, too.
    """
    lam, g, delta, F = rates.lam, rates.g, rates.delta, rates.pull
    ladder = np.column_stack([F / g, delta])
    ladder = ladder[:, shift : shift + delta.shape[1]]
    variation = step * lam * g + np.minimum((lam * F)[:, None] / delta, ladder).sum(axis=1)
    last = delta[:, -1]
    bounded = weak | (np.sqrt(lam * F) >= last)
    return K * variation, np.where(bounded, 5 * K / last, np.inf)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for memory 1 to 4, and for auxiliary vectors of like and unlike weights."""
    cases = []
    for memory, R in KINDS:
        rng = np.random.default_rng(memory)
        sums = worst_ratios(rng, memory, R, _DRAWS, _STEPS, claim)
        for name, ratios in zip(("variation", "energy"), sums, strict=True):
            cases.append(Case.within(f"{name}, M = {memory}, R = {R:g}", ratios.max()))
    return cases


def worst_ratios(
    rng: np.random.Generator, memory: int, R: float, draws: int, steps: int, claim: Claim = claim
) -> tuple[Array, Array]:
    """Return both sums over what is claimed, for random methods at the worst first state."""
    rates = _drawn(rng, memory, R, draws, 6 / steps)
    variation, energy = _sums(rng, rates, steps)
    bounds = claim(rates)
    return variation / bounds[0], energy / bounds[1]


def _drawn(rng: np.random.Generator, memory: int, R: float, draws: int, least: float) -> Rates:
    """Draw what the assumptions admit, also while it moves; delta_M is at least ``least``."""
    g = 10 ** rng.uniform(-2, np.log10(0.35), draws)
    F = g * 10 ** rng.uniform(-2, np.log10(0.12), draws)
    beta = rng.uniform(1 / R, 1, (draws, memory))
    beta *= np.sqrt(F / (beta**2).sum(axis=1))[:, None]
    most = beta[:, -1] ** 2 / (2.25 * g)  # of delta_M
    fits = most > least
    g, beta, most = g[fits], beta[fits], most[fits]
    last = most * (least / most) ** rng.random(g.size)
    shares = np.sort(rng.random((g.size, memory - 1)))
    others = 0.35 * (last[:, None] / 0.35) ** shares
    return Rates(10 ** rng.uniform(-6, 0, g.size), g, beta, np.column_stack([others, last]))


def _sums(rng: np.random.Generator, rates: Rates, steps: int) -> tuple[Array, Array]:
    """Return the largest sums over H_0; parameters move within a factor 2."""
    lam, g, beta, delta = rates
    size, memory = beta.shape
    b = np.sqrt(lam)[:, None] * beta
    moved, drift = b, rng.choice([-1.0, 1.0], b.shape) * delta[:, -1:] / 16
    state = np.broadcast_to(np.eye(memory + 1), (size, memory + 1, memory + 1))
    variation, energy = np.zeros(state.shape), np.zeros(state.shape)
    for n in range(steps):
        if n % _JUMPS == 0:
            jumps = 2 ** rng.uniform(-0.5, 0.5, (size, memory + 1))
            rate = (lam * g * jumps[:, 0])[:, None]
            damped = np.minimum(delta * jumps[:, 1:], 0.5)[:, :, None]
        W, hat = state[:, 0], state[:, 1:]
        energy += state.swapaxes(1, 2) @ (_diagonal(moved)[:, :, None] * state)
        change = rate * W + (moved[:, None] @ hat)[:, 0]
        variation += change[:, :, None] * change[:, None]
        W = (W - change)[:, None]
        drift = np.where(np.abs(np.log(moved / b)) > np.log(1.4), -drift, drift)
        moved = moved * (1 + drift)
        state = np.concatenate([W, (1 - damped) * hat + moved[:, :, None] * W], axis=1)
    scale = 1 / np.sqrt(_diagonal(b))
    found = [
        np.linalg.eigvalsh(scale[:, :, None] * sums * scale[:, None])[:, -1]
        for sums in (variation, energy)
    ]
    return found[0], found[1]


def _diagonal(b: Array) -> Array:
    """Return the diagonal of the matrix of H."""
    return np.column_stack([1 - (b**2).sum(axis=1), np.ones(b.shape)])


PERTURBED: dict[str, Claim] = {
    "delta_i in the place of delta_(i - 1)": partial(claim, shift=1),
    "a tenth of lambda g": partial(claim, step=0.1),
    "half of the constants": partial(claim, K=0.5),
    "energy of weak couplings, too": partial(claim, weak=True),
}
