r"""SGD that sends k of d coordinates and remembers the rest (MEM-SGD, arXiv 1809.07599).

Problem
    Gradients are too long to be sent; only k of their d coordinates are.
Algorithm
    :math:`p=m+\eta_tg`, of which k coordinates C(p) are kept, at random (rand-k) or the largest
    (top-k); :math:`w\leftarrow w-C(p),\ m\leftarrow p-C(p)`.
Guarantee
    Theorem 2.4, for f that is strongly convex and smooth: with rates :math:`8/(\mu(a+t))` and
    weights :math:`(a+t)^2` the loss of the mean iterate is :math:`O(G^2/\mu T)`, as that of SGD.
    On quadratics rand-k is exact here. The iterate of SGD is :math:`y=w-m`, which all gradients
    have reached, and w is y as it was when the coordinate was last sent:
    :math:`y\leftarrow y-\eta g(w)`, and :math:`w\leftarrow y` with probability :math:`\rho=k/d`. So

    .. math:: s_\lambda = \frac\lambda{2/\eta-\lambda(2-\rho)/\rho}\to\frac{\eta\lambda}2,

    the noise sum of the heavy ball with the *negative* momentum :math:`-(1-\rho)`.

References
----------
    S. U. Stich, J.-B. Cordonnier and M. Jaggi, Sparsified SGD with memory, NeurIPS, arXiv
    1809.07599 (2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals, read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, positive_float, whole
from sgdmem.numeric.problems.problem import as_problem, require_no_weight_decay
from sgdmem.symbolic.algebra.scalars import as_scalar, is_symbolic
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.named_algorithms import sgdm

_FARTHEST = 1e150  # of moments: what a step makes of them are floats
_MOST_STEPS, _LARGEST = 10**7, 1e30  # of a bound: powers of its numbers are floats


def as_stable_as_rand_k(learning_rate: Any, kept: Any) -> Algorithm:
    r"""Return the method whose noise sum is that of rand-k with memory, for any noise and batch.

    It is SGDM with the momentum :math:`\rho-1`, under every noise that is given mode by mode, as
    that of data is not, if the modes are the coordinates: stable, in mean square, for the same
    problems; with the same critical batch size, critical scale and loss floor. On the way its
    losses are others, see `rand_k_run`. Without memory the noise sum is that of SGD, whatever k.

    Parameters
    ----------
    learning_rate : number
        :math:`\eta`.
    kept : number
        :math:`\rho=k/d`, from 0, without it, to 1; or a symbol.

    Raises
    ------
    InputError
        For a share out of its range.

    Examples
    --------
    >>> import sgdmem
    >>> spectrum = sgdmem.Spectrum([1], [100])
    >>> for batch_size in (1, float("inf")):  # keeping 5 of 100 coordinates, over SGD
    ...     largest = sgdmem.largest_learning_rate(
    ...         as_stable_as_rand_k, spectrum, batch_size, kept="0.05"
    ...     )
    ...     plain = sgdmem.largest_learning_rate("sgd", spectrum, batch_size)
    ...     print(round(float(largest / plain), 4))
    0.7266
    0.0256
    """
    share = as_scalar(kept, "kept")
    if not is_symbolic(share):
        _share(kept)
    return sgdm(learning_rate, share - 1)


@dataclass(frozen=True)
class RandKRun:
    """What rand-k does in the mean; after 0, 1, … T steps.

    Attributes
    ----------
    losses : ndarray of shape (T + 1,)
        inf, as the others, where moments leave the range of floats.
    memory : ndarray of shape (T + 1,)
        :math:`E|m|^2`.
    gradients : ndarray of shape (T + 1,)
        :math:`E|g|^2` of a batch at w.
    """

    losses: Array
    memory: Array
    gradients: Array


def rand_k_run(
    learning_rates: Any, kept: Any, problem: Any, batch_size: Any = math.inf, *, memory: bool = True
) -> RandKRun:
    r"""Follow the exact second moments of rand-k on a quadratic whose modes are its coordinates.

    Of a coordinate only the probability counts with which it is sent. In terms of w and y = w - m,
    with the variance N of the gradient's noise,

    .. math:: E y^2 &\leftarrow E y^2-2\eta\lambda E wy+\eta^2(\lambda^2E w^2+N),\\
        E wy &\leftarrow (1-\rho)(E wy-\eta\lambda E w^2)+\rho E y_+^2,\\
        E w^2 &\leftarrow (1-\rho)E w^2+\rho E y_+^2.

    Parameters
    ----------
    learning_rates : sequence of numbers, shape (T,)
    kept : number
        :math:`\rho=k/d`.
    problem : Problem
        With a target, and noise of two parameters (tau2 may differ between modes).
    batch_size : number, optional
        Full batches by default.
    memory : bool
        Without it what is not sent is forgotten.

    Raises
    ------
    InputError
        For a share out of (0, 1], and for another noise or weight decay.

    Examples
    --------
    >>> from sgdmem import Problem, Spectrum
    >>> run = rand_k_run([0.5, 0.5], 0.5, Problem(Spectrum([1, 0.5]), target=[1, 1]))
    >>> print(run.losses, run.memory)
    [0.75       0.5078125  0.29711914] [0.         0.15625    0.33691406]
    """
    given = as_problem(problem)
    require_no_weight_decay(given, "rand-k's moments")
    rates, ρ = read_vector(learning_rates, "learning_rates"), _share(kept)
    if given.noise.mixes or given.target is None:
        raise InputError("problem must have a target, and noise of two parameters")
    noise, spectrum = given.noise.at(batch_size), given.spectrum
    λ, counts = spectrum.eigenvalues, spectrum.weights
    τ1, γ = float(noise.tau1), 1 / noise.batch_size
    W = given.target.masses(spectrum) / (λ * counts)
    X, Y = W, W
    found = np.full((len(rates) + 1, 3), np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(rates) + 1):
            fed = τ1 * (counts * λ * W).sum() + float(noise.label_variance)
            g2 = λ**2 * W + γ * λ * (fed - noise.tau2_values * λ * W)
            now = [(counts * part).sum() for part in (λ * W / 2, np.maximum(W - 2 * X + Y, 0), g2)]
            if not max(now) <= _FARTHEST:
                break
            found[t] = now
            if t < len(rates):
                η = rates[t]
                Y = Y - 2 * η * λ * X + η**2 * g2
                X = (1 - ρ) * (X - η * λ * W) + ρ * Y
                W = (1 - ρ) * W + ρ * Y
                if not memory:
                    X, Y = W, W
    return RandKRun(*found.T)


def _share(kept: Any) -> float:
    found = positive_float(kept, "kept")
    if found > 1:
        raise InputError(f"kept must be the share k / d, at most 1, got {shown(kept)}")
    return found


def sparsified_sgd(
    gradient: Callable[[Array], Any],
    start: Any,
    learning_rates: Any,
    k: Any,
    *,
    largest: bool = True,
    memory: bool = True,
    seed: int = 0,
) -> Iterator[Array]:
    """Run Algorithm 1 as it is written, many runs at once.

    Parameters
    ----------
    gradient : function
        Takes w of shape (R, d), returns a stochastic gradient for each run.
    start : array of shape (R, d) or (d,)
    learning_rates : sequence of numbers, shape (T,)
    k : int
        How many coordinates are sent.
    largest : bool
        Whether those of the largest size are (top-k), or others at random (rand-k).
    memory : bool
    seed : int
        Of the random coordinates.

    Yields
    ------
    ndarray of shape (2, R, d)
        w and m, first at the start and then after each step.

    Examples
    --------
    >>> *_, (w, m) = sparsified_sgd(lambda w: w, [[1.0, -2.0]], [0.5, 0.5], 1)
    >>> w.tolist(), m.tolist()
    ([[0.0, -1.0]], [[0.0, -0.5]])
    """
    rng = np.random.default_rng(whole(seed, "seed", 0))
    w = np.atleast_2d(read_reals(start, "start"))
    if w.ndim != 2 or not w.size:
        raise InputError(f"start must be of the shape (R, d) or (d,), got {shown(start)}")
    if not callable(gradient):
        raise InputError(f"gradient must be a function of w, got {shown(gradient)}")
    m = np.zeros_like(w)
    sent = whole(k, "k", 1, w.shape[1])
    yield np.stack([w, m])
    for rate in read_vector(learning_rates, "learning_rates"):
        g = np.asarray(gradient(w), dtype=float)
        if g.shape != w.shape:
            raise InputError(f"gradient must have the shape of w, {w.shape}, got {g.shape}")
        p = m + rate * g
        keys = np.abs(p) if largest else rng.random(p.shape)
        chosen = np.argpartition(-keys, sent - 1, axis=1)[:, :sent]
        mask = np.zeros(p.shape)
        np.put_along_axis(mask, chosen, 1.0, axis=1)
        w = w - mask * p
        m = (1 - mask) * p if memory else m
        yield np.stack([w, m])


@dataclass(frozen=True)
class StronglyConvexBound:
    r"""Theorem 2.4 for 1, 2, … T steps.

    Attributes
    ----------
    learning_rates, weights : ndarray of shape (T,)
        :math:`8/(\mu(a+t))` and :math:`(a+t)^2`.
    bound : ndarray of shape (T,)
        On the mean loss of :math:`\sum w_tx_t/S_T`, and on :math:`\sum w_tE[f(x_t)-f^*]/S_T`.
    sharper : ndarray of shape (T,)
        The same, without its lemma on the memory: that is bounded step by step, by
        :math:`|m_{t+1}|\le\sqrt{1-\rho}(|m_t|+\eta_tG)` in mean square. For any a.
    alpha : float
        The largest that the shift allows.
    """

    learning_rates: Array
    weights: Array
    bound: Array
    sharper: Array
    alpha: float


def strongly_convex_bound(
    steps: Any,
    kept: Any,
    *,
    strong_convexity: Any,
    smoothness: Any,
    gradient_bound: Any,
    distance: Any,
    shift: Any = None,
) -> StronglyConvexBound:
    r"""Return rates, weights and the bound of Theorem 2.4, rand-k and top-k alike.

    .. math:: \frac{\mu a^3R^2}{8S_T}+\frac{4T(T+2a)G^2}{\mu S_T}
        +\frac{64T(1+2L/\mu)}{\mu S_T}\,\frac{4\alpha}{\alpha-4}\,\frac{d^2}{k^2}G^2,

    for any :math:`\alpha>4` with :math:`\frac{(\alpha+1)d/k+\rho}{\rho+1}\le a`,
    :math:`\rho=\frac{4\alpha}{(\alpha-4)(\alpha+1)^2}`; the largest makes the bound least.

    Parameters
    ----------
    steps : int
        T.
    kept : number
        k / d.
    strong_convexity, smoothness : number
        :math:`\mu` and L.
    gradient_bound : number
        G, a bound on the root of :math:`E|g_t|^2` along the run.
    distance : number
        R, of the start from the minimum.
    shift : number > 1, optional
        a, by default 7 d / k.

    Raises
    ------
    InputError
        For numbers that are not from 1e-30 to 1e30, a smoothness below the strong convexity, and a
        shift of 1 or less.

    Examples
    --------
    >>> found = strongly_convex_bound(
    ...     10**6, 0.1, strong_convexity=1, smoothness=1, gradient_bound=1, distance=1
    ... )
    >>> print(round(float(found.bound[-1]) * 10**6, 2))  # 12 G^2 / mu in the long run
    12.54
    """
    from scipy.optimize import brentq

    D = 1 / min(1.0, bounded_float(_share(kept), "kept", _LARGEST))
    μ = bounded_float(strong_convexity, "strong_convexity", _LARGEST)
    L = bounded_float(smoothness, "smoothness", _LARGEST)
    if μ > L:
        raise InputError(
            f"smoothness must be strong_convexity or more, {μ:g}, got {shown(smoothness)}"
        )
    G = bounded_float(gradient_bound, "gradient_bound", _LARGEST)
    R = bounded_float(distance, "distance", _LARGEST)
    a = 7 * D if shift is None else bounded_float(shift, "shift", 100 * _LARGEST)
    if a <= 1 + 1e-12:  # near 1 alpha is near 4, and the bound infinite
        raise InputError(f"shift must be above 1, got {shown(shift)}")
    T = np.arange(1.0, whole(steps, "steps", 1, _MOST_STEPS) + 1)
    rates, weights = 8 / (μ * (a + T - 1)), (a + T - 1) ** 2

    def excess(alpha: float) -> float:
        """Return by how much the condition on alpha is missed; it grows with alpha."""
        ρ = 4 * alpha / ((alpha - 4) * (alpha + 1) ** 2)
        return ((alpha + 1) * D + ρ) / (ρ + 1) - a

    alpha = float(brentq(excess, 4 * (1 + 1e-15), a + 4, xtol=1e-14))
    total = np.cumsum(weights)
    common = μ * a**3 * R**2 / 8
    lemma = 64 * T * (1 + 2 * L / μ) / μ * 4 * alpha / (alpha - 4) * D**2 * G**2
    own = np.cumsum(weights * (rates * G**2 + (μ + 2 * L) * memory_bound(rates, kept, G) ** 2))
    return StronglyConvexBound(
        rates,
        weights,
        (common + 4 * T * (T + 2 * a) / μ * G**2 + lemma) / total,
        (common + own) / total,
        alpha,
    )


def memory_bound(learning_rates: Array, kept: Any, gradient_bound: float) -> Array:
    r"""Return a bound on :math:`\sqrt{E|m_t|^2}` before each step; shape (T,)."""
    left = math.sqrt(1 - _share(kept))
    found = np.zeros(len(learning_rates))
    for t, rate in enumerate(learning_rates[:-1]):
        found[t + 1] = left * (found[t] + rate * gradient_bound)
    return found
