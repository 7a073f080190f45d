r"""Bounds on rows: what losses of all steps say of the residual polynomial of one of them.

For a linear method with the kernel K, batches :math:`B_s`, :math:`n=\sum B_s`, and losses
:math:`L_r`, let :math:`a(\lambda)=(1+\lambda K)^{-1}\mathbf1`,
:math:`W_k=\lambda_k(1+\lambda_kK)^{-1}K`, :math:`\tau=\tau_1-\max(\tau_2,0)` and
:math:`\rho_k=\sum_{s<r}W_k(r,s)^2L_s/B_s`. At :math:`\lambda_k=k^{-\nu}`

.. math:: \tfrac12\sum_k\lambda_kc_k^2a_r(\lambda_k)^2+\tau\sum_k\rho_k\le L_r,\qquad
    L_r\ge\frac{c_1^2}{4(1+\Vert\tilde K\Vert)^2},

.. math:: c_1^2a_r(\lambda_k)^2\le4L_r+4nk^{2\nu}\rho_k

and, for :math:`k\le j`,

.. math:: a_r(\lambda_k)^2\sum_{i\ge j}\lambda_ic_i^2\le4L_r+4n\rho_k.

:math:`\tilde K` is conjugated by square roots of losses over batch sizes, as in "Universal bound".
For the best row r, :math:`A^2=2n/\tau`, and complex h with :math:`|h|\le q\lambda_k`,
:math:`qA\le\frac12`,

.. math:: |a_r(\lambda_k+h)-a_r(\lambda_k)|\le2\sqrt2\,qA(1+A).

Method: exact losses of random methods of four kinds, with unequal batches, targets and
:math:`\tau_2`. Computed is by how much the left side of each is above the right one, relative to
it; theory is that it is not.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement, widen
from sgdmem.numeric.theorems.larger_memory.universal_bound.kernels import kernel_losses

STATEMENT = Statement(
    "Bounds on rows",
    "docs/theory/larger-memory-limits, (1), (2), (5) and I",
    tolerance=1e-9,
    reason="rounding",
)
KINDS = ("any sign", "non-negative", "SGD", "powers")
_MODES, _LARGEST = 40, 1e12
_DRAWS = 150  # of each kind


class Run(NamedTuple):
    """A method and its problem: kernel, batches, eigenvalues, c^2, tau_2, losses."""

    kernel: Array
    batches: Array
    eigenvalues: Array
    squares: Array
    tau2: float
    losses: Array

    @property
    def tau(self) -> float:
        """Least noise of a sample."""
        return 1 - max(self.tau2, 0.0)


class Constants(NamedTuple):
    """Shares of noise and of A, and constants of the bounds, which are in the order of ratios."""

    noise: float = 1.0
    first: float = 1 / 4
    near: float = 2 * 2**0.5
    power: float = 1.0
    row: float = 4.0
    later: float = 4.0


_PROVED = Constants()


def claim(**changes: float) -> Constants:
    """Return the constants."""
    return Constants(**changes)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for random methods of each kind."""
    cases = []
    for kind in KINDS:
        worst = largest_ratios(kind, _DRAWS, np.random.default_rng(0), claim())
        cases += [Case.within(f"{kind}: {name}", ratio) for name, ratio in worst.items()]
    return cases


def largest_ratios(
    kind: str, draws: int, rng: np.random.Generator, constants: Constants = _PROVED
) -> dict[str, float]:
    """Return the largest ratios, over methods of one kind; all should be at most 1."""
    worst: dict[str, float] = {}
    for _ in range(draws):
        widen(worst, _ratios(_run(kind, rng), constants, rng))
    return worst


def _run(kind: str, rng: np.random.Generator) -> Run:
    """Draw a method and a problem until losses are not too large."""
    while True:
        t = int(rng.integers(1, 25)) if rng.random() < 0.5 else 1
        nu, zeta = rng.uniform(1.1, 5), 10 ** rng.uniform(-1, 0.7)
        h = np.arange(1.0, _MODES + 1) ** -nu
        squares = h**zeta / np.arange(1, _MODES + 1) / h
        if rng.random() < 0.5:
            squares *= rng.random(_MODES) ** 4
        if rng.random() < 0.5:
            squares[: rng.integers(_MODES)] *= 1e-6
        tau2 = float(rng.choice([-1.0, 0.0, 0.0, 0.5, 0.9]))
        batches = 10 ** rng.uniform(0, 2, t) if rng.random() < 0.5 else np.full(t, 1.0)
        K = np.tril(_kernel(kind, t, rng), -1)
        with np.errstate(all="ignore"):
            losses = kernel_losses(K, h, squares, tau2, batches)
        if np.isfinite(losses).all() and losses.max() <= _LARGEST:
            return Run(K, batches, h, squares, tau2, losses)


def _kernel(kind: str, t: int, rng: np.random.Generator) -> Array:
    size = 10 ** rng.uniform(-2, 0.5)
    apart = np.maximum(np.subtract.outer(np.arange(t + 1.0), np.arange(t + 1.0)), 1)
    if kind == "any sign":
        return np.asarray(size * rng.normal(size=(t + 1, t + 1)) * apart ** rng.uniform(-1, 1))
    if kind == "non-negative":
        return size * rng.random((t + 1, t + 1)) ** rng.uniform(0.2, 3)
    rates = size * np.ones(t + 1)
    if rng.random() < 0.5:
        rates *= np.arange(1.0, t + 2) ** rng.uniform(-1, 1)
    return rates * (apart ** rng.uniform(-0.5, 1.5) if kind == "powers" else 1.0)


def _ratios(run: Run, constants: Constants, rng: np.random.Generator) -> dict[str, float]:
    """Return ratios of left sides over right ones, at all eigenvalues or rows."""
    K, batches, h, squares, _, losses = run
    size = len(K)
    inverse = np.linalg.inv(np.eye(size) + h[:, None, None] * K)
    signal, W = inverse.sum(axis=2), h[:, None, None] * (inverse @ K)
    per_sample = np.append(losses[:-1] / batches, 0.0)
    rho = W**2 @ per_sample  # of each eigenvalue and row
    rows = h * squares @ signal**2 / 2 + constants.noise * run.tau * rho.sum(axis=0)
    weights = np.append(batches, batches.sum())
    root = np.sqrt(losses / weights)
    norm = float(np.linalg.norm(K * root / root[:, None], 2))
    tails = np.cumsum((h * squares)[::-1])[::-1]  # of the coefficients from each on
    taken = np.append(0.0, np.cumsum(batches))
    right = losses + np.array([constants.row, constants.later])[:, None, None] / 4 * taken * [
        rho / h[:, None] ** 2,
        rho,
    ]
    return {
        "rows": float((rows / losses).max()),
        "first eigenvalue": float(constants.first * squares[0] / (1 + norm) ** 2 / losses[-1]),
        "near an eigenvalue": _near(run, signal, constants, rng),
        "first coefficient": float((squares[0] * signal**2 / right[0]).max() / 4),
        "later coefficients": float((tails[:, None] * signal**2 / right[1]).max() / 4),
    }


def _near(run: Run, signal: Array, constants: Constants, rng: np.random.Generator) -> float:
    """Return the ratio of differences at points of circles, of the largest radius or less."""
    best = int(run.losses.argmin())
    A = np.sqrt(2 * run.batches[:best].sum() / run.tau)
    if not A:
        return 0.0
    q = 10 ** rng.uniform(-6, 0) / (2 * A)
    turned = run.eigenvalues * (1 + q * np.exp(2j * np.pi * rng.random(run.eigenvalues.size)))
    system = np.eye(len(run.kernel)) + turned[:, None, None] * run.kernel
    moved = np.linalg.solve(system, np.ones((len(run.kernel), 1)))[:, best, 0]
    return float(
        abs(moved - signal[:, best]).max() / (constants.near * q * A * (1 + A) ** constants.power)
    )


PERTURBED: dict[str, Claim] = {
    "a tenth more noise": partial(claim, noise=1.1),
    "0.6 c_1^2": partial(claim, first=0.6),
    "q A / (1 + A)": partial(claim, near=1.0, power=-1.0),
    "3 n for the first coefficient": partial(claim, row=3.0),
    "2 n for later coefficients": partial(claim, later=2.0),
}
