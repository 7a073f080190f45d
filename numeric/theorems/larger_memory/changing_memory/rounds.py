r"""Rounds of changing memory: they reach x times as far, and leave fast modes alone.

A round takes parameters of "Energy of changing memory" through four phases, and then resets u to 0;
:math:`c_{t+1}=(1-\delta_t)c_t`, g and :math:`\kappa` are constant, with
:math:`8\kappa^2\le g\le\kappa^2T`:

- A, T steps: c falls from :math:`x^2` to 1, :math:`\beta=\kappa\sqrt c/x`, f = 1;
- B, T steps: c = 1, :math:`\beta=\kappa/x`, f = 1;
- C, T steps: c rises to :math:`x^2`, :math:`\beta=\kappa\sqrt c/x`, :math:`f=\sqrt c`;
- E, :math:`\lceil A\log T\rceil T` steps: :math:`\delta=1/T`, :math:`\beta=\kappa`, f = x.

A regular round has :math:`\delta=1/T`, :math:`\beta=\kappa` throughout its n steps. Let
:math:`\alpha_x` be the effective rate of a round, :math:`a_r` its factor of w after r steps,
:math:`p_x=a_n`, and :math:`R(r,s)` the response to an error of the gradient.

- At :math:`\lambda=0`: :math:`-R(r,s)\le C_1\kappa^2Tf_r/f_s` with :math:`C_1=5`. So
  :math:`\frac12x\kappa^2T^2\le\alpha_x\le x/\rho`, :math:`1/\rho=C_1\kappa^2Tn`.
- For :math:`\lambda\le\rho`: :math:`|a_r|\le ef_r`, :math:`|a_r-1|\le ef_r\lambda/\rho`,
  :math:`|p_x-1+\alpha_x\lambda|\le ex(\lambda/\rho)^2`, :math:`|R(r,s)|\le eC_1\kappa^2Tf_r/f_s`.
- For all :math:`\lambda\le1`: :math:`E_r\le2x^{24}E_s`, and regular rounds have
  :math:`1-p_1^2\ge\frac1{10}\min(1,\lambda\kappa^2T^2)`.
- For :math:`x\le3`, where :math:`\eta\le\frac12` throughout:
  :math:`V_r\le8\frac{c_r}{c_s}e^{-\frac18\sum\tau}V_s`.

Method: steps of rounds with random parameters, from several places; worst states by the norms of
2 by 2 matrices. Computed is by how much the largest ratio of the two sides exceeds 1; theory is 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import e
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger

STATEMENT = Statement(
    "Rounds of changing memory",
    "docs/theory/larger-memory-time-dependent, section 2",
    tolerance=1e-9,
    reason="rounding over some thousand steps",
)
_A = 2
_PLACES = 120  # r and s of the kernel
_SHARES = np.array([1e-4, 0.01, 0.1, 0.3, 1.0])  # eigenvalues over rho


class Bounds(NamedTuple):
    """C_1, the power of f there, the least rate, orders and factors of the inequalities."""

    kernel: float = 5.0
    profile: float = 1.0
    rate: float = 0.5
    order: float = 2.0
    energy: float = 24.0
    contraction: float = 1.0
    adiabatic: float = 1.0


class Rounds(NamedTuple):
    """Several rounds of as many steps; the last axis of arrays is the round."""

    T: int
    x: Array
    kappa: Array
    g: Array
    delta: Array
    beta: Array
    c: Array
    f: Array

    @property
    def kernel_unit(self) -> Array:
        """kappa^2 T."""
        return self.kappa**2 * self.T

    def kernel(self, r: Array, s: Array) -> Array:
        """Return -R(r, s) at lambda = 0, of shape (r, s, rounds), where s < r, and 0 elsewhere."""
        sums = np.concatenate([0 * self.x[None], np.cumsum(self.beta * self.c[1:], axis=0)])
        found = self.g + (self.beta / self.c[1:])[s] * (sums[r][:, None] - sums[s])
        return np.where((r[:, None] > s)[:, :, None], found, 0.0)

    @property
    def rate(self) -> Array:
        """The effective rate of the whole round."""
        n = len(self.beta)
        total: Array = self.kernel(np.array([n]), np.arange(n))[0].sum(axis=0)
        return total


def claim(**changed: float) -> Bounds:
    """Return the bounds of the page, or others."""
    return Bounds(**changed)


def check(claim: Claim = claim) -> list[Case]:
    """Compare ratios for rounds of 80 steps a phase, and long ones for adiabatic modes."""
    rng, bounds = np.random.default_rng(0), claim()
    found = largest_ratios(draw(rng, 80, 24), bounds)
    found["adiabatic"] = largest_adiabatic(draw(rng, 2000, 3, most=3.0, long=1), bounds)
    return [Case.within(name, ratio) for name, ratio in found.items()]


def draw(
    rng: np.random.Generator, T: int, count: int, most: float = 30.0, long: int | None = None
) -> Rounds:
    """Draw x, g and kappa, the first ones on their edges; E has ``long`` times T steps."""
    x = most ** rng.uniform(0, 1, count)
    slower = rng.choice([0, 0.2, 0.5, 1], count)
    g = 0.25 * 10 ** rng.uniform(-2, 0, count)
    x[:2], slower[:2], g[:2] = (1, most), (0, 1), 0.25
    kappa = np.sqrt(g / 8 * (8 / T) ** slower)
    steps = T * (long or int(np.ceil(_A * np.log(T))))
    ones = np.ones((T, 1))
    kept = np.concatenate([ones * x ** (-2 / T), ones + 0 * x, ones * x ** (2 / T)])
    kept = np.concatenate([kept, np.full((steps, count), 1 - 1 / T)])
    c = x**2 * np.concatenate([0 * x[None] + 1, np.cumprod(kept, axis=0)])
    beta = np.concatenate([kappa * np.sqrt(c[: 3 * T]) / x, kappa + np.zeros((steps, 1))])
    f = np.concatenate([np.ones((2 * T, count)), np.sqrt(c[2 * T : 3 * T]), x + 0 * c[3 * T :]])
    return Rounds(T, x, kappa, g, 1 - kept, beta, c, f)


def largest_ratios(rounds: Rounds, bounds: Bounds) -> dict[str, float]:
    """Return the largest ratio of each inequality but the last."""
    n, unit = len(rounds.beta), rounds.kernel_unit
    f, rate = rounds.f**bounds.profile, rounds.rate
    places = np.unique(np.linspace(0, n - 1, _PLACES).astype(int))
    kernel = rounds.kernel(places + 1, places) * f[places] / f[places + 1][:, None] / unit
    rho = 1 / (bounds.kernel * unit * n)
    found = {
        "kernel": kernel.max() / bounds.kernel,
        "least rate": (bounds.rate * rounds.x * unit * rounds.T / rate).max(),
        "largest rate": (rate * rho / rounds.x).max(),
    }
    lam = np.concatenate([_SHARES[:, None] * rho, rho ** np.linspace(0.95, 0, 16)[:, None]])
    starts = [0, 1, *(rounds.T * np.arange(1, 7) // 2 + 1)]
    slow, root = slice(len(_SHARES)), np.sqrt(lam)
    size, allowed = lam[slow] / rho, e * bounds.kernel * unit
    signal = change = response = energy = 0.0
    for r, states in _states(rounds, lam, starts):
        a = states[0, 0, 0, slow]
        signal = larger(signal, float((abs(a) / f[r]).max()) / e)
        change = larger(change, float((abs(a - 1) / (size * f[r])).max()) / e)
        for start, ((ww, wu), _) in zip(starts[1:], states[1:], strict=False):
            s = start - 1
            b = rounds.beta[s]
            R = -(rounds.g + b * b) * ww[slow] + b * wu[slow] / root[slow]
            response = larger(response, (abs(R) * f[s] / (f[r] * allowed)).max())
        if r % 4 == 0:
            grown = _squared_norm(states).max(axis=(0, 1))
            energy = larger(energy, (grown / (2 * rounds.x**bounds.energy)).max())
    left = abs(a - 1 + rate * lam[slow]) / (e * rounds.x * size**bounds.order)
    regular = rounds._replace(
        delta=np.full_like(rounds.delta, 1 / rounds.T),
        beta=np.broadcast_to(rounds.kappa, rounds.beta.shape),
    )
    *_, (_, states) = _states(regular, lam, [0])
    p = states[0, 0, 0]
    least = np.minimum(1, (lam * unit * rounds.T) ** bounds.contraction) / 10
    found |= {
        "signal": signal,
        "change": change,
        "remainder": float(left.max()),
        "response": response,
        "energy": energy,
        "contraction": float((least / (1 - p * p)).max()) if (p * p < 1).all() else np.inf,
    }
    return {name: float(ratio) for name, ratio in found.items()}


def largest_adiabatic(rounds: Rounds, bounds: Bounds) -> float:
    """Return the largest ratio of the last inequality."""
    reach = np.sqrt(rounds.kernel_unit * rounds.T)
    least = (2 * rounds.x * (1 + 2 * np.log(rounds.x)) / reach) ** 2  # where eta is at most 1 / 2
    rounds = Rounds(rounds.T, *(part[..., least < 1] for part in rounds[1:]))
    lam = least[least < 1] ** np.linspace(1, 0, 6)[:, None]
    found = 0.0
    starts = [0, *(rounds.T * np.arange(1, 7) // 2)]
    root = np.sqrt(lam)
    damped = 0.0 * lam
    before: list[tuple[Array, Array, Array]] = []
    for r, states in _states(rounds, lam, starts):
        step = min(r, len(rounds.beta) - 1)
        beta, delta = rounds.beta[step], rounds.delta[step]
        tau = np.minimum(rounds.g * lam, beta**2 / rounds.g) / 2
        cross = root * beta + (tau - delta) / (2 * beta * root)
        if len(before) < len(states):
            before.append((cross, damped, rounds.c[r]))
        if r % 5 == 0:
            for (old, earlier, c), M in zip(before, states, strict=True):
                grown = _form_growth(M, cross, old) * np.exp((damped - earlier) / 8)
                allowed = 8 * (rounds.c[r] / c) ** bounds.adiabatic
                found = larger(found, (grown / allowed).max())
        damped = damped + tau
    return found


def _states(rounds: Rounds, lam: Array, starts: list[int]) -> Iterator[tuple[int, Array]]:
    """Yield r and the matrices of (sqrt(lambda) w, u) from each start up to r.

    Their shape is (starts so far, 2, 2, eigenvalues, rounds).
    """
    root, kept = np.sqrt(lam), 1 - rounds.g * lam
    unit = np.zeros((1, 2, 2, *lam.shape))
    unit[:, 0, 0] = unit[:, 1, 1] = 1
    states = np.zeros((0, 2, 2, *lam.shape))
    for r in range(len(rounds.beta) + 1):
        if r in starts:
            states = np.concatenate([states, unit])
        yield r, states
        if r == len(rounds.beta):
            break
        delta, beta = rounds.delta[r], rounds.beta[r]
        pull = beta * root
        u = (1 - delta) * states[:, 1] + pull * states[:, 0]
        states[:, 0] = kept * states[:, 0] - pull * u
        states[:, 1] = u


def _squared_norm(states: Array) -> Array:
    """Return the squared largest singular values of 2 by 2 matrices in axes 1 and 2."""
    squares = (states**2).sum(axis=(1, 2))
    det = states[:, 0, 0] * states[:, 1, 1] - states[:, 0, 1] * states[:, 1, 0]
    found: Array = (squares + np.sqrt(np.maximum(squares**2 - 4 * det**2, 0))) / 2
    return found


def _form_growth(M: Array, after: Array, before: Array) -> Array:
    """Return the largest ratio of W^2 + u^2 + 2 cross W u after M to that before it."""
    # rows of the square roots of both forms
    w, u = M[0] + after * M[1], np.sqrt(1 - after**2) * M[1]
    low = np.sqrt(1 - before**2)
    turned = np.stack([np.stack([row[0], (row[1] - before * row[0]) / low]) for row in (w, u)])
    found: Array = _squared_norm(turned[None])[0]
    return found


PERTURBED: dict[str, Claim] = {
    "C_1 = 3": partial(claim, kernel=3.0),
    "no f in the kernel": partial(claim, profile=0.0),
    "a rate of 3 x kappa^2 T^2": partial(claim, rate=3.0),
    "a remainder of third order": partial(claim, order=3.0),
    "energies grow by 2 x^2": partial(claim, energy=2.0),
    "contraction by kappa T sqrt(lambda)": partial(claim, contraction=0.5),
    "fast modes do not see c": partial(claim, adiabatic=0.0),
}
