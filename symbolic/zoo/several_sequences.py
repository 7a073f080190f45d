"""Accelerated methods that were published with two or three sequences of iterates."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algorithms.parameters import RATE_UNIT, Range, log_range, number_parameter
from sgdmem.symbolic.algorithms.update_notation import Publication
from sgdmem.symbolic.tracing.method import published_method

_STEP, _SHARE = log_range(0.001, 10, 0.1), Range(0, 1, 0.5)


@published_method(
    "the triple momentum method",
    Publication(
        *("B. Van Scoy, R. A. Freeman and K. M. Lynch", 2018, "IEEE Control Syst. Lett. 2"),
        "The fastest known globally convergent first-order method for minimizing strongly convex "
        "functions",
    ),
    [
        number_parameter("alpha", _STEP, r"\alpha", "Weight of the gradient.", RATE_UNIT),
        number_parameter("beta", Range(0, 0.999, 0.5), r"\beta", "Momentum of the iterates."),
        number_parameter("gamma", Range(0, 1, 0.2), r"\gamma", "How far ahead gradients are."),
        number_parameter("delta", Range(0, 10, 0.3), r"\delta", "How far ahead the output is."),
    ],
)
def triple_momentum(
    x: Any, xi: Any, xi_last: Any, gradient: Any, *, alpha: Any, beta: Any, gamma: Any, delta: Any
) -> Any:
    r"""The triple momentum method, the fastest known on smooth strongly convex functions.

    With eigenvalues from m to L and :math:`\rho = 1 - \sqrt{m/L}` its rate is :math:`\rho` for
    :math:`\alpha = (1 + \rho) / L`, :math:`\beta = \rho^2 / (2 - \rho)`,
    :math:`\gamma = \rho^2 / ((1 + \rho) (2 - \rho))`, :math:`\delta = \rho^2 / (1 - \rho^2)`.

    Examples
    --------
    >>> triple_momentum(alpha="0.1", beta="0.5", gamma="0.2", delta="0.3").memory
    1
    """
    y = (1 + gamma) * xi - gamma * xi_last
    new = (1 + beta) * xi - beta * xi_last - alpha * gradient(y)
    return (1 + delta) * new - delta * xi, new, xi


@published_method(
    "ASGD",
    Publication(
        "P. Jain, S. M. Kakade, R. Kidambi, P. Netrapalli and A. Sidford",
        *(2018, "COLT, arXiv 1704.08227, Algorithm 1"),
        "Accelerating stochastic gradient descent for least squares regression",
    ),
    [
        number_parameter("alpha", _SHARE, r"\alpha", "Share of w where the gradient is taken."),
        number_parameter("beta", _SHARE, r"\beta", "How fast the slow sequence follows."),
        number_parameter("gamma", _STEP, r"\gamma", "Rate of the slow sequence.", RATE_UNIT),
        number_parameter("delta", _STEP, r"\delta", "Rate of the iterates.", RATE_UNIT),
    ],
)
def asgd(w: Any, v: Any, gradient: Any, *, alpha: Any, beta: Any, gamma: Any, delta: Any) -> Any:
    """Accelerated SGD for least squares.

    Examples
    --------
    >>> asgd(alpha="0.5", beta="0.1", gamma="0.5", delta="0.1").effective_learning_rate
    Fraction(51, 110)
    """
    y = alpha * w + (1 - alpha) * v
    g = gradient(y)
    z = beta * y + (1 - beta) * v
    return y - delta * g, z - gamma * g


@published_method(
    "MaSS",
    Publication(
        *("C. Liu and M. Belkin", 2020, "ICLR, arXiv 1810.13395"),
        "Accelerating SGD with momentum for over-parameterized learning",
    ),
    [
        number_parameter("eta_1", _STEP, r"\eta_1", "Rate of the step.", RATE_UNIT),
        number_parameter("eta_2", _STEP, r"\eta_2", "Rate that compensates.", RATE_UNIT),
        number_parameter("gamma", Range(0, 0.999, 0.9), r"\gamma", "Momentum."),
    ],
)
def mass(w: Any, u: Any, gradient: Any, *, eta_1: Any, eta_2: Any, gamma: Any) -> Any:
    """Momentum-added stochastic solver: Nesterov's method with a compensation.

    Examples
    --------
    >>> mass(eta_1="0.1", eta_2="0.05", gamma="0.5").effective_learning_rate
    Fraction(1, 10)
    """
    g = gradient(u)
    new = u - eta_1 * g
    return new, (1 + gamma) * new - gamma * w + eta_2 * g


@published_method(
    "SNAG",
    Publication(
        *("S. Vaswani, F. Bach and M. Schmidt", 2019, "AISTATS, arXiv 1810.07288"),
        "Fast and faster convergence of SGD for over-parameterized models and an accelerated "
        "perceptron",
    ),
    [
        number_parameter("learning_rate", _STEP, r"\eta", "Rate of the iterates.", RATE_UNIT),
        number_parameter("alpha", _SHARE, r"\alpha", "Share of v where the gradient is taken."),
        number_parameter("beta", _SHARE, r"\beta", "Share of the slow sequence that is kept."),
        number_parameter("gamma", log_range(0.01, 100, 2), r"\gamma", "How much faster v is."),
    ],
)
def snag(
    w: Any, v: Any, gradient: Any, *, learning_rate: Any, alpha: Any, beta: Any, gamma: Any
) -> Any:
    """Stochastic Nesterov acceleration with three sequences, at constant parameters.

    Examples
    --------
    >>> snag(learning_rate="0.1", alpha="0.5", beta="0.5", gamma=2).memory
    1
    """
    zeta = alpha * v + (1 - alpha) * w
    g = gradient(zeta)
    return zeta - learning_rate * g, beta * v + (1 - beta) * zeta - gamma * learning_rate * g


@published_method(
    "schedule-free SGD",
    Publication(
        "A. Defazio, X. Yang, H. Mehta, K. Mishchenko, A. Khaled and A. Cutkosky",
        *(2024, "NeurIPS, arXiv 2405.15682, there with weights 1/t"),
        "The road less scheduled",
    ),
    [
        number_parameter("beta", Range(0, 0.999, 0.9), r"\beta", "Share of x where gradients are."),
        number_parameter("rate", log_range(0.001, 1, 0.1), "c", "Share of z in the average."),
    ],
)
def schedule_free(
    x: Any, z: Any, gradient: Any, *, learning_rate: Any, beta: Any, rate: Any
) -> Any:
    """Schedule-free SGD; its average, of weights 1 / t as published, has a constant one.

    Examples
    --------
    >>> schedule_free(learning_rate="0.1", beta="0.9", rate="0.1").effective_learning_rate
    Fraction(1, 10)
    """
    y = (1 - beta) * z + beta * x
    z = z - learning_rate * gradient(y)
    return (1 - rate) * x + rate * z, z
