r"""Universal bound: what no linear method is below, whatever its memory and its schedule.

With the kernel K of the method, conjugated by the square roots of losses over batch sizes,
:math:`\sigma` its norm and :math:`A=\lambda K` for an eigenvalue, the bound of `loss_bound` rests
on two inequalities for strictly triangular A, with :math:`x=\lambda\sigma=\Vert A\Vert`:

.. math:: \Vert A(1+A)^{-1}\Vert_F^2\ge\max\left\{\Bigl(\frac x{1+x}\Bigr)^2,
    2\ln m-1+\frac1{m^2}\right\},\quad m=\max(1,x-1),\qquad
    |(1+A)^{-1}v|\ge\frac{|v|}{1+x}.

Method: both where they are nearly equalities, single entries, long shifts, and triangular matrices
whose singular values are alike but one; and exact losses of random methods with unequal batches,
and of descents over all methods of two steps, over the bound. Computed is the largest violation;
theory is that there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.loss_bound import least_noise, loss_bound
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Universal bound",
    "docs/theory/universal-bound",
    tolerance=1e-9,
    reason="rounding of norms",
)


def claim(x: float) -> tuple[float, float]:
    """Return the least noise, and what is least left of a vector."""
    return float(least_noise(np.array(x))), 1 / (1 + x)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for matrices of four kinds, and for methods."""
    cases = []
    for label, matrices in _kinds().items():
        noise, left = 0.0, 0.0
        for A in matrices:
            inverse = np.linalg.inv(np.eye(A.shape[0]) + A)
            least, kept = claim(float(np.linalg.norm(A, 2)))
            noise = max(noise, 1 - float(((inverse @ A) ** 2).sum() / least))
            left = max(left, 1 - float(1 / np.linalg.norm(np.eye(A.shape[0]) + A, 2) / kept))
        cases += [Case(f"noise, {label}", noise, 0.0), Case(f"signal, {label}", left, 0.0)]
    over = float(min(_losses_over_bound()))
    return [*cases, Case("losses of methods", max(0.0, 1 - over), 0.0)]


def _kinds() -> dict[str, list[Array]]:
    rng = np.random.default_rng(0)
    return {
        "single entries": [np.array([[0, 0], [x, 0]]) for x in np.geomspace(1e-3, 1e3, 40)],
        "shifts": [x * np.eye(300, k=-1) for x in (0.05, 0.5, 0.9, 2.0)],
        "random": [
            np.tril(rng.normal(size=(t, t)) / t * 10 ** rng.uniform(-2, 1), -1)
            for t in rng.integers(2, 30, 300)
        ],
        "alike but one": [_alike_but_one(t, m) for t in (2, 8, 60, 200) for m in (1.5, 10.0, 1e3)],
    }


def _alike_but_one(t: int, m: float) -> Array:
    """Return A of which 1 / (1 + A) has t singular values that are alike, and one that is 1/m.

    By rotations in the plane of two coordinates at a time, from a diagonal matrix: of two entries,
    one above 1 and one below, the first becomes 1.
    """
    s = m ** (1 / t)
    R = np.diag([s, 1 / m, *np.full(t - 1, s)])
    for k in range(t):
        a, b = R[k, k], R[k + 1, k + 1]
        c = np.sqrt((1 - b * b) / (a * a - b * b))
        s = np.sqrt(1 - c * c)
        right, left = np.array([[c, -s], [s, c]]), np.array([[c * a, s * b], [-s * b, c * a]])
        R[:, k : k + 2] = R[:, k : k + 2] @ right
        R[k : k + 2] = left @ R[k : k + 2]
    return np.linalg.inv(R.T) - np.eye(t + 1)


def _losses_over_bound() -> Iterator[float]:
    """Yield losses of random methods, and of descents over all of them, over what is claimed."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(1)
    h = np.arange(1.0, 31) ** -1.5
    for place in range(60):
        squares, tau2 = rng.random(30), float(rng.choice([-1.0, 0.0, 0.5]))
        t = int(rng.integers(1, 12)) if place > 4 else 2
        batches = rng.integers(1, 6, t)
        K = np.tril(rng.uniform(0, 1, size=(t + 1, t + 1)) ** rng.uniform(0.2, 3), -1)
        problem = Problem(Spectrum(h), Noise(tau2=tau2), target=squares)
        bound = loss_bound(problem, int(batches.sum()), 1)[-1]
        if place <= 4:
            below = np.tril_indices(t + 1, -1)

            def last(values: Array, question: Any = (squares, tau2, batches, below)) -> float:
                kernel = np.zeros((3, 3))
                kernel[question[3]] = values
                return float(kernel_losses(kernel, h, *question[:3])[-1])

            yield minimize(last, K[below], method="Powell").fun / bound
        yield kernel_losses(K, h, squares, tau2, batches)[-1] / bound


def kernel_losses(K: Array, eigenvalues: Array, squares: Array, tau2: float, B: Any) -> Array:
    """Return exact losses at all points of a linear method with the kernel K and batches B."""
    t = K.shape[0]
    sizes = np.broadcast_to(B, t - 1)
    inverse = np.linalg.inv(np.eye(t) + eigenvalues[:, None, None] * K)
    means, answers = inverse.sum(axis=2), inverse @ K
    moments = np.zeros((eigenvalues.size, t))
    for r in range(t):
        before = moments[:, :r]
        errors = np.outer(eigenvalues, eigenvalues @ before)
        errors -= tau2 * (eigenvalues**2)[:, None] * before
        errors /= sizes[:r]
        moments[:, r] = squares * means[:, r] ** 2
        moments[:, r] += (answers[:, r, :r] ** 2 * errors).sum(axis=1)
    losses: Array = eigenvalues @ moments / 2
    return losses


PERTURBED: dict[str, Claim] = {
    "a tenth more noise": lambda x: (1.1 * claim(x)[0], claim(x)[1]),
    "1 + 0.98 x": lambda x: (claim(x)[0], 1 / (1 + 0.98 * x)),
    "3 ln m": lambda x: (max(claim(x)[0], 3 * np.log(max(1, x - 1)) - 1), claim(x)[1]),
    "as much noise as of a single entry": lambda x: (x * x, claim(x)[1]),
}
