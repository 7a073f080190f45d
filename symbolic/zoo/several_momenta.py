"""Methods that mix the gradient, its moving averages and their differences."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algorithms.parameters import RATE_UNIT, Range, log_range, number_parameter
from sgdmem.symbolic.algorithms.update_notation import Publication
from sgdmem.symbolic.tracing.method import published_method

_KEPT = Range(0, 0.9999, 0.9)


@published_method(
    "the PID optimizer",
    Publication(
        *("W. An, H. Wang, Q. Sun, J. Xu, Q. Dai and L. Zhang", 2018, "CVPR"),
        "A PID controller approach for stochastic optimization of deep networks",
    ),
    [number_parameter("derivative", log_range(0.001, 10, 0.1), "K_d", "Weight of differences.")],
)
def pid(
    w: Any,
    v: Any,
    d: Any,
    g_last: Any,
    gradient: Any,
    *,
    learning_rate: Any,
    momentum: Any,
    derivative: Any,
) -> Any:
    """Momentum with an averaged difference of gradients, the derivative of a PID controller.

    The difference has the sign of the gradient, as in the authors' code: where gradients become
    smaller it brakes.

    Examples
    --------
    >>> pid(learning_rate="0.1", momentum="0.9", derivative="0.1").effective_learning_rate
    Fraction(1, 1)
    """
    g = gradient(w)
    v = momentum * v - learning_rate * g
    d = momentum * d - (1 - momentum) * (g - g_last)
    return w + v + derivative * d, v, d, g


@published_method(
    "AdEMAMix without denominator",
    Publication(
        *("M. Pagliardini, P. Ablin and D. Grangier", 2024, "arXiv 2409.03137"),
        "The AdEMAMix optimizer: better, faster, older",
    ),
    [
        number_parameter("beta_1", _KEPT, r"\beta_1", "Momentum of the fast average."),
        number_parameter("beta_3", Range(0, 0.9999, 0.99), r"\beta_3", "That of the slow one."),
        number_parameter("alpha", Range(0, 10, 2), r"\alpha", "Weight of the slow average."),
    ],
    letters={"learning_rate": r"\eta"},
)
def ademamix(
    w: Any,
    m_1: Any,
    m_2: Any,
    gradient: Any,
    *,
    learning_rate: Any,
    beta_1: Any,
    beta_3: Any,
    alpha: Any,
) -> Any:
    """A fast and a slow average of gradients, without the division by their size.

    Examples
    --------
    >>> ademamix(learning_rate="0.1", beta_1=0, beta_3="0.9", alpha=2).effective_learning_rate
    Fraction(3, 10)
    """
    g = gradient(w)
    m_1 = beta_1 * m_1 + (1 - beta_1) * g
    m_2 = beta_3 * m_2 + (1 - beta_3) * g
    return w - learning_rate * (m_1 + alpha * m_2), m_1, m_2


@published_method(
    "DANA at a step",
    Publication(
        "D. Ferbach, K. Everett, G. Gidel, E. Paquette and C. Paquette",
        *(2025, "arXiv 2505.16098"),
        "Dimension-adapted momentum outscales SGD",
    ),
    [
        number_parameter("gamma_1", log_range(0.01, 10, 1), r"\gamma_1", "Weight of g in y."),
        number_parameter(
            *("gamma_2", log_range(0.001, 10, 0.1), r"\gamma_2"),
            *("Rate of the gradient.", RATE_UNIT),
        ),
        number_parameter(
            *("gamma_3", log_range(0.0001, 1, 0.01), r"\gamma_3"),
            *("Rate of y, the sum of gradients.", RATE_UNIT),
        ),
        number_parameter(
            "damping", log_range(0.001, 2, 0.1), r"\Delta", "Share of y that is lost."
        ),
    ],
)
def dana_step(
    theta: Any, y: Any, gradient: Any, *, gamma_1: Any, gamma_2: Any, gamma_3: Any, damping: Any
) -> Any:
    r"""Dimension-adapted momentum, as it is at one step.

    The damping falls like 1/t, and :math:`\gamma_3` may fall too: `sgdmem.methods.dana`.

    Examples
    --------
    >>> step = dana_step(gamma_1=1, gamma_2="0.3", gamma_3="0.01", damping="0.1")
    >>> step.effective_learning_rate
    Fraction(2, 5)
    """
    g = gradient(theta)
    y = (1 - damping) * y + gamma_1 * g
    return theta - gamma_2 * g - gamma_3 * y, y
