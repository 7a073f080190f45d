"""Methods that keep gradients, or iterates, of earlier steps."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algorithms.parameters import Parameter, Range
from sgdmem.symbolic.algorithms.update_notation import Publication
from sgdmem.symbolic.tracing.method import published_method


@published_method(
    "the optimistic gradient method",
    Publication(
        *("C. Daskalakis, A. Ilyas, V. Syrgkanis and H. Zeng", 2018, "ICLR, arXiv 1711.00141"),
        "Training GANs with optimism",
    ),
)
def optimistic(w: Any, g_last: Any, gradient: Any, *, learning_rate: Any) -> Any:
    """Twice the gradient less the last one.

    Examples
    --------
    >>> optimistic(learning_rate="0.1").polynomials.Q
    (Fraction(1, 10), Fraction(-1, 5))
    """
    g = gradient(w)
    return w - 2 * learning_rate * g + learning_rate * g_last, g


@published_method(
    "the past extragradient method",
    Publication(
        *("L. D. Popov", 1980, "Math. Notes 28"),
        "A modification of the Arrow-Hurwicz method for search of saddle points",
    ),
)
def past_extragradient(w: Any, g_last: Any, gradient: Any, *, learning_rate: Any) -> Any:
    """The gradient after half a step, which the last one of these takes.

    Examples
    --------
    >>> past_extragradient(learning_rate="0.1").polynomials.Q
    (Fraction(1, 10), Fraction(-1, 5))
    """
    g = gradient(w - learning_rate * g_last)
    return w - learning_rate * g, g


@published_method(
    "SGD with delayed gradients",
    Publication(
        *("A. Agarwal and J. C. Duchi", 2011, "NeurIPS, arXiv 1104.5525"),
        "Distributed delayed stochastic optimization",
    ),
    [
        Parameter(
            "delay", "whole", Range(0, 20, 1), r"\tau", "By how many steps gradients are late."
        )
    ],
    lengths={"past": "delay"},
    update=["w <- w - learning_rate gradient(w_{t-delay})"],
)
def delayed_sgd(w: Any, past: Any, gradient: Any, *, learning_rate: Any, delay: int = 1) -> Any:
    """SGD with each gradient taken some steps ago, as by workers that do not wait.

    Examples
    --------
    >>> delayed_sgd(learning_rate="0.1", delay=2).polynomials.Q
    (Fraction(-1, 10), Fraction(0, 1), Fraction(0, 1))
    """
    past = (w, *past)
    return w - learning_rate * gradient(past[-1]), past[:-1]


@published_method(
    "the aggregated gradient method",
    Publication(
        *("D. Blatt, A. O. Hero and H. Gauchman", 2007, "SIAM J. Optim. 18"),
        "A convergent incremental gradient method with a constant step size",
    ),
    [Parameter("window", "whole", Range(1, 20, 2), "K", "Of how many gradients it is the mean.")],
    lengths={"past": "window"},
    update=["w <- w - learning_rate / window (g_{t} + ... + g_{t-window+1})"],
)
def aggregated_gradient(
    w: Any, past: Any, gradient: Any, *, learning_rate: Any, window: int = 2
) -> Any:
    """The mean of the last gradients, each at its own iterate.

    Examples
    --------
    >>> aggregated_gradient(learning_rate="0.3", window=3).polynomials.Q
    (Fraction(-1, 10), Fraction(-1, 10), Fraction(-1, 10))
    """
    past = (gradient(w), *past[:-1])
    return w - learning_rate * sum(past) / window, past


@published_method(
    "STORM",
    Publication(
        *("A. Cutkosky and F. Orabona", 2019, "NeurIPS, arXiv 1905.10018"),
        "Momentum-based variance reduction in non-convex SGD",
    ),
    [Parameter("a", "number", Range(0, 1, 0.1), "a", "Share of the newest gradient.", "1")],
    losses="quadratic",
)
def storm(w: Any, w_last: Any, d: Any, gradient: Any, *, learning_rate: Any, a: Any) -> Any:
    """Recursive momentum at constant parameters, on quadratics: both gradients are of one batch.

    There it is SGD, whatever the share a.

    Examples
    --------
    >>> from sgdmem.symbolic.algorithms.equivalence import equivalent
    >>> from sgdmem.symbolic.algorithms.algorithm import Algorithm
    >>> equivalent(storm(learning_rate="0.1", a="0.3"), Algorithm("0.1"))
    True
    """
    d = gradient(w) + (1 - a) * (d - gradient(w_last))
    return w - learning_rate * d, w, d
