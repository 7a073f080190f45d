r"""Weight decay: a curvature without noise, and where it leaves the mean loss.

Decay :math:`\omega` in the gradient moves a mode by the drift of :math:`\lambda+\omega`, and leaves
its noise. So for tau2 = 0 the critical batch size is

.. math:: B_* = \tau_1\sum_k\lambda_k^2\Bigl\|\frac Q{P-(\lambda_k+\omega)Q}\Bigr\|^2_{H_2};

decoupled decay, which multiplies w by :math:`1-\sigma` at each step, has
:math:`P=(x-1+\sigma)\det(x-D)` and :math:`\omega=0` in it. With rows :math:`x_s` and their labels
the mean loss of SGD under decay in the gradient comes to rest, above that of the stationary point
:math:`w_\omega`, at

.. math:: \tfrac12\sum_i\lambda_ih_{ii}C_{ii},\qquad
    C=\kappa\bigl[\mathbb E_s[H_s(h\circ C)H_s]-\Lambda(h\circ C)\Lambda
    +\mathbb E_s[g_sg_s^T]-\omega^2w_\omega w_\omega^T\bigr],

where :math:`g_s` are the gradients there and
:math:`h_{ij}=\alpha/(\mu_i+\mu_j-\alpha\mu_i\mu_j)`, :math:`\mu=\lambda+\omega`.

Method: the batch size at which the map of all second moments as one dense matrix has radius 1, for
random algorithms of memory 0 to 3; and the moments of (w, 1) that the average over all rows leaves
as they are, in coordinates about no minimum.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import (
    Array,
    Dynamics,
    second_moment_matrix,
    spectral_radius,
    stable_algorithm,
)
from sgdmem.symbolic.algebra.routh import summands
from sgdmem.symbolic.algorithms.algorithm import Algorithm

STATEMENT = Statement(
    "Weight decay",
    "sgdmem, theory page on weight decay",
    tolerance=1e-9,
    reason="rounding where a radius crosses 1, and of a linear system",
)

_TAU1 = 1.5
_MODES = 3


class Question(NamedTuple):
    """An algorithm on eigenvalues, or SGD on rows with labels; one of the two decays is 0."""

    algorithm: Algorithm
    lam: Array
    decay: Fraction
    rows: Array | None = None
    labels: Array | None = None


def claim(
    question: Question, noisy: bool = False, drifts: bool = True, is_centred: bool = True
) -> float:
    """Return the critical batch size for tau1 = 3/2, or the floor on rows for batches of two."""
    if question.rows is not None and question.labels is not None:
        return _floor(question, question.rows, question.labels, is_centred)
    algorithm, lam, decay = question[:3]
    if not drifts:
        algorithm, decay = algorithm.map(lambda x: x), Fraction(0)
        algorithm = Algorithm(*algorithm.blocks._replace(shrink=0))
    form = algorithm.half_plane_form.at_gradient.decayed(decay).map(float)
    weight = lam + float(question.decay) if noisy else lam
    return float(_TAU1 * summands(form, lam, weight**2).noise.sum())


def _floor(question: Question, rows: Array, labels: Array, is_centred: bool) -> float:
    n, omega, alpha = len(rows), float(question.decay), float(question.algorithm.alpha)
    lam, axes = np.linalg.eigh(rows.T @ rows / n)
    x = rows @ axes
    w = x.T @ labels / n / (lam + omega)
    g = x * (x @ w - labels)[:, None]
    mu = lam + omega
    h = alpha / (mu[:, None] + mu - alpha * np.outer(mu, mu))
    stirred = g.T @ g / n - is_centred * omega**2 * np.outer(w, w)
    size = lam.size**2
    images = np.zeros((size, size))
    for place in range(size):
        unit = np.zeros(size)
        unit[place] = 1.0
        N = h * unit.reshape(lam.size, -1)
        forms = np.einsum("ni,ij,nj->n", x, N, x)
        covariance = (x * forms[:, None]).T @ x / n - lam[:, None] * N * lam
        images[:, place] = covariance.ravel() / 2
    C = np.linalg.solve(np.eye(size) - images, stirred.ravel() / 2).reshape(lam.size, -1)
    return float((lam * np.diag(h) * np.diag(C)).sum() / 2)


def check(claim: Claim = claim) -> list[Case]:
    """Compare critical batch sizes, and floors."""
    rng = np.random.default_rng(12)
    cases = [
        _critical(rng, memory, kind, shifted, claim)
        for memory in range(4)
        for kind in ("in the gradient", "decoupled")
        for shifted in ((False, True) if memory else (False,))
    ]
    return cases + [_rest(rng, k, claim) for k in range(5)]


def _critical(
    rng: np.random.Generator, memory: int, kind: str, shifted: bool, claim: Claim
) -> Case:
    lam = 10 ** rng.uniform(-1, 0, _MODES)
    decay = Fraction(int(rng.integers(4, 16)), 64)
    shrink = Fraction(0) if kind == "in the gradient" else decay
    decay -= shrink
    while True:
        plain = stable_algorithm(rng, memory, lam + float(decay), shifted)
        algorithm = Algorithm(*plain.blocks._replace(shrink=shrink))
        still, v, r = Dynamics.of(algorithm)
        dynamics = Dynamics(still + float(decay) * np.outer(v, r), v, r)
        if spectral_radius(dynamics.matrix(lam)).max() < 0.99:
            break
    coupling = np.full((_MODES, _MODES), _TAU1)

    def excess(logarithm: float) -> float:
        matrix = second_moment_matrix(dynamics, lam, coupling, 0.0, np.exp(logarithm))
        return float(spectral_radius(matrix)) - 1

    low, high = -1.0, 1.0
    while excess(low) < 0:
        low -= 2
    while excess(high) > 0:
        high += 2
    computed = float(np.exp(brentq(excess, low, high, xtol=1e-13, rtol=1e-14)))
    label = f"memory {memory}, {kind}, {'with' if shifted else 'without'} a look-ahead"
    return Case(label, computed, claim(Question(algorithm, lam, decay)))


def _rest(rng: np.random.Generator, number: int, claim: Claim) -> Case:
    """Return the floor of SGD on random rows, in batches of two drawn with replacement."""
    rows, labels = rng.normal(size=(6, 2)), rng.normal(size=6)
    decay, alpha = Fraction(1, 4), Fraction(1, 16)
    curvatures, pulls = np.einsum("ni,nj->nij", rows, rows), rows * labels[:, None]
    average = np.zeros((9, 9))
    for first in range(6):
        for second in range(6):
            H = (curvatures[first] + curvatures[second]) / 2 + float(decay) * np.eye(2)
            step = np.eye(3)
            step[:2, :2] -= float(alpha) * H
            step[:2, 2] = float(alpha) * (pulls[first] + pulls[second]) / 2
            average += np.kron(step, step) / 36
    # the last of the moments of (w, 1) is 1
    rest = np.linalg.solve(np.eye(8) - average[:8, :8], average[:8, 8])
    moments = np.append(rest, 1.0).reshape(3, 3)
    residual = np.column_stack([rows, -labels])
    loss = np.einsum("ni,ij,nj->", residual, moments, residual) / 12
    H = rows.T @ rows / 6
    stationary = np.linalg.solve(H + float(decay) * np.eye(2), rows.T @ labels / 6)
    least = ((rows @ stationary - labels) ** 2).sum() / 12
    question = Question(Algorithm(alpha), np.ones(2), decay, rows, labels)
    return Case(f"rows, case {number + 1}", float(loss - least), claim(question))


PERTURBED: dict[str, Claim] = {
    "noise of the larger eigenvalues": lambda question: claim(question, noisy=True),
    "the drift of the eigenvalues alone": lambda question: claim(question, drifts=False),
    "gradients that are not centred": lambda question: claim(question, is_centred=False),
}
