r"""Windows of changing memory: what bounds every schedule of memory 1 that keeps its memory.

With :math:`v'=v+\gamma G`, :math:`w'=w-\alpha G-bv`, :math:`G=\lambda w+e`, the steps
:math:`y'=S_s(\lambda)y` of y = (w, v) have :math:`\det S=1-(\alpha-b\gamma)\lambda`. Let
:math:`a^{[m,r]}`, :math:`b^{[m,r]}` be :math:`w_r` from (1, 0) and (0, 1) at m, and
:math:`v^{[m,r]}` be :math:`v_r` from (1, 0); :math:`R(r,s)` and :math:`v_r(s)` are the responses to
an error of step s.

- *Chain:* :math:`a^{[0,r]}a^{[m',m]}=a^{[m',r]}a^{[0,m]}+\det S\,b^{[m,r]}v^{[0,m']}`, where S is
  the product of the steps from m' to m.
- *Rows:* :math:`|a^{[m,r]}-1|\le\sqrt{(r-m)\,{\rm row}_r}`, :math:`{\rm row}_r=\lambda^2
  \sum_sR(r,s)^2`; and :math:`\sum_sv_m(s)^2\le(1+\lambda\|R\|)^2\sum\gamma_s^2`, at least
  :math:`(1+\lambda\|K\|)^{-2}\sum\gamma_s^2`, K being R at :math:`\lambda=0`.
- *Growth*, for any memory: if :math:`P_{s+1}\succeq S_s(\lambda_0)P_sS_s(\lambda_0)^T+\lambda_0^2
  g_sg_s^T`, :math:`g=(-\alpha,\gamma)`, :math:`f_s=(P_s)_{ww}`,
  :math:`e_s=\lambda_0^2g_s^TP_{s+1}^{-1}g_s`, then for complex :math:`\lambda=\lambda_0(1+\mu)`

  .. math:: |y_r|_{P_r^{-1}}\le|y_m|_{P_m^{-1}}\exp\Big(|\mu|\sum_{m\le s<r}\sqrt{e_sf_s}\Big),
      \qquad e_s\le\log\frac{\det P_{s+1}}{\det(S_sP_sS_s^T)}.

- *Sum:* with :math:`t^a` windows of :math:`t^b` steps and noise :math:`t^c`, :math:`a+b\le1`,
  :math:`a+c\le y=1-\frac1\nu`, the largest exponent of the sum in step 5 is
  :math:`\theta^\sharp=1+y+\frac12y^2`, and :math:`\theta_1=1+y<\frac{\theta^\sharp}{1+y^2/4}<
  \theta^\sharp<\nu`.

Method: random schedules and places; the chain in exact fractions; worst states by singular values;
linear programs for the sum. Computed are violations, the largest ratio of two sides less 1 if
positive, and exponents.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger, widen

STATEMENT = Statement(
    "Windows of changing memory",
    "docs/theory/larger-memory-time-dependent, section 7",
    tolerance=1e-7,
    reason="rounding, where covariances are nearly singular, and of linear programs",
)
Limits: TypeAlias = list[tuple[list[float], float]]
_EXPONENTS = (1.2, 1.5, 2.0, 3.0, 6.0)


class Bounds(NamedTuple):
    """The chain's sign, factors of the inequalities, and the factor of y^2."""

    sign: int = 1
    row: float = 1.0
    memory: float = 2.0
    growth: float = 1.0
    forgotten: float = 1.0
    square: float = 0.5


def claim(**changed: Any) -> Bounds:
    """Return the bounds of the page, or others."""
    return Bounds(**changed)


def check(claim: Claim = claim) -> list[Case]:
    """Compare random schedules, and exponents."""
    rng, bounds = np.random.default_rng(0), claim()
    errors = sum(chain_error(rng, bounds.sign) != 0 for _ in range(20))
    cases = [Case("chain", float(errors), 0.0)]
    found = largest_ratios(200, rng, bounds)
    cases += [Case.within(name, ratio) for name, ratio in found.items()]
    for nu in _EXPONENTS:
        y = 1 - 1 / nu
        largest = largest_sum(nu)
        cases.append(Case(f"sum, nu = {nu:g}", largest, 1 + y + bounds.square * y * y))
        ordered = 1 + y < largest / (1 + y * y / 4) < largest < nu
        cases.append(Case(f"order, nu = {nu:g}", float(ordered), 1.0))
    return cases


def chain_error(rng: np.random.Generator, sign: int) -> Fraction:
    """Return the difference of both sides of the chain, for a random schedule."""

    def drawn() -> Fraction:
        return Fraction(int(rng.integers(-60, 61)), 20)

    def step() -> Array:
        alpha, b, gamma, lam = drawn(), drawn(), drawn(), Fraction(3, 7)
        return np.array([[1 - alpha * lam, -b], [gamma * lam, Fraction(1)]])

    first, middle, last = (step() @ step() @ step() for _ in range(3))
    det = middle[0, 0] * middle[1, 1] - middle[0, 1] * middle[1, 0]
    whole = (last @ middle @ first)[0, 0]
    right = (last @ middle)[0, 0] * (middle @ first)[0, 0] + sign * det * last[0, 1] * first[1, 0]
    difference: Fraction = whole * middle[0, 0] - right
    return difference


def largest_ratios(draws: int, rng: np.random.Generator, bounds: Bounds) -> dict[str, float]:
    """Return the largest ratios of rows, memories, growth and what is forgotten."""
    found = dict.fromkeys(("row", "memory, above", "memory, below"), 0.0)
    for _ in range(draws):
        widen(found, dict(zip(found, _responses(rng, bounds), strict=True)))
    for memory in (1, 2, 3):
        ratios = [_growth(rng, memory, bounds) for _ in range(draws)]
        grown, forgotten = np.max(ratios, axis=0)
        found |= {
            f"growth, M = {memory}": float(grown),
            f"forgotten, M = {memory}": float(forgotten),
        }
    return found


def _responses(rng: np.random.Generator, bounds: Bounds) -> tuple[float, float, float]:
    """Return the ratios of rows and memories for a random schedule of memory 1."""
    t, lam = int(rng.integers(3, 25)), 10 ** rng.uniform(-3, 0)
    kept = rng.uniform(0.6, 1.1) ** np.arange(t)  # c and b in the gauge with D = 1
    alpha, gamma, b = rng.normal(size=(3, t)) * 10 ** rng.uniform(-1.5, 0.3, (3, 1))
    gamma, b = gamma / kept, b * kept
    if rng.random() < 0.5:
        alpha, gamma, b = abs(alpha), abs(gamma), abs(b)
    R, memory, K = np.zeros((t + 1, t)), np.zeros((t + 1, t)), np.zeros((t + 1, t))
    plain = np.zeros((t + 1, t))
    a = np.zeros((t + 1, t))  # from (1, 0) at each step
    v = np.zeros((t + 1, t))
    error = np.eye(t)
    for s in range(t):
        a[s, s] = 1
        G = lam * R[s] + error[s]
        R[s + 1], memory[s + 1] = R[s] - alpha[s] * G - b[s] * memory[s], memory[s] + gamma[s] * G
        K[s + 1] = K[s] - alpha[s] * error[s] - b[s] * plain[s]
        plain[s + 1] = plain[s] + gamma[s] * error[s]
        a[s + 1], v[s + 1] = (
            a[s] - alpha[s] * lam * a[s] - b[s] * v[s],
            v[s] + gamma[s] * lam * a[s],
        )
    row = lam**2 * (R[t] ** 2).sum()
    moved = (abs(a[t] - 1) / np.sqrt((t - np.arange(t)) * row)).max()
    inputs, outputs = (gamma**2).sum(), (memory[t] ** 2).sum()
    above, below = (1 + lam * np.linalg.norm(x[:t], 2) for x in (R, K))
    return (
        float(moved / bounds.row),
        float(outputs / inputs / above**bounds.memory),
        float(inputs / outputs / below**bounds.memory),
    )


def _growth(rng: np.random.Generator, memory: int, bounds: Bounds) -> tuple[float, float]:
    """Return the logarithm of growth over its bound, and e_s over its own, at their largest."""
    size, lam = memory + 1, 1.0
    factor = rng.normal(size=(size, size)) * 10 ** rng.uniform(-1, 2, (size, 1))
    P = factor @ factor.T
    mu = 10 ** rng.uniform(-2, 1) * np.exp(2j * np.pi * rng.random())
    scale, damping = 10 ** rng.uniform(-1.5, 0), rng.uniform(0.5, 1, memory)
    M, start = np.eye(size, dtype=complex), np.linalg.cholesky(P)
    exponent = grown = forgotten = 0.0
    for _ in range(int(rng.integers(1, 12))):
        g = scale * rng.normal(size=size)
        S = np.eye(size)
        S[1:, 1:] = np.diag(damping)
        S[0, 1:] = scale * rng.normal(size=memory)
        moved = S.astype(complex)
        S[:, 0] += lam * g
        moved[:, 0] += lam * (1 + mu) * g
        f, carried = P[0, 0], S @ P @ S.T
        P = carried + lam**2 * np.outer(g, g)
        kick = 1e-3 * scale * rng.random()
        P[0, 0] += kick**2
        e = lam**2 * g @ np.linalg.solve(P, g)
        ratio = np.linalg.slogdet(P)[1] - np.linalg.slogdet(carried)[1]
        forgotten = larger(forgotten, e / (bounds.forgotten * ratio))
        exponent += abs(mu) * np.sqrt(e * f)
        M = moved @ M
        norm = np.linalg.norm(np.linalg.solve(np.linalg.cholesky(P), M @ start), 2)
        grown = larger(grown, np.log(norm) / (bounds.growth * exponent))
    return float(grown), float(forgotten)


def largest_sum(nu: float) -> float:
    """Return the largest exponent of the sum of 1 / rho_j over windows, by linear programs."""
    # a, b, c: windows t^a of t^b steps and noise t^c; d: 1 / rho_1 = t^(1 + d)
    shared: Limits = [([1, 1, 0, 0], 1), ([1, 0, 1, 0], 1 - 1 / nu)]
    short: Limits = [*shared, ([0, 1, 0, 0], 1 / nu)]
    long: Limits = [*shared, ([0, -1, 0, 0], -1 / nu)]
    noisy: Limits = [*long, ([0, 0, -1, 0], 0), ([0, 0, -1, 1], 0)]
    quiet: Limits = [*long, ([0, 0, 1, 0], 0), ([0, 0, -0.5, 1], 0)]
    cut: Limits = [*long, ([0, 0, 1, 0], -1), ([0, 0, 0, 1], -0.5)]
    left = 1 - 1 / (2 * nu)  # the amplification is t^(b / 2) (t^(1 + d))^(-1 / 2 nu), or 1
    return max(
        _most([1, nu, 0, 0], 0, short),
        *(_most([1, 0, 0, 1], 1, region) for region in (noisy, quiet, cut)),
        *(_most([1, 0.5, 0, left], left, region) for region in (noisy, quiet, cut)),
    )


def _most(gain: list[float], constant: float, limits: Limits) -> float:
    from scipy.optimize import linprog

    rows, ends = zip(*limits, strict=True)
    found = linprog(
        -np.array(gain), A_ub=rows, b_ub=ends, bounds=[(0, 1), (0, 1), (-9, 9), (-9, 9)]
    )
    return float(constant - found.fun)


PERTURBED: dict[str, Claim] = {
    "the other sign in the chain": partial(claim, sign=-1),
    "three quarters of the row's bound": partial(claim, row=0.75),
    "v no more than its gradients": partial(claim, memory=0.0),
    "three quarters of the growth": partial(claim, growth=0.75),
    "half is forgotten": partial(claim, forgotten=0.5),
    "theta_1 from above": partial(claim, square=0.0),
    "y^2 in place of y^2 / 2": partial(claim, square=1.0),
}
