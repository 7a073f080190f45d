"""Update functions as they were published, with what is needed to judge them by other means.

Each takes plain numbers, fractions and SymPy expressions as well as vectors: tests run the same
function on a coefficient and lambda times it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Step = Callable[..., Any]


def heavy_ball(w, v, gradient, *, learning_rate, momentum):  # type: ignore[no-untyped-def]
    v = momentum * v - learning_rate * gradient(w)
    return w + v, v


def nesterov(w, v, gradient, *, learning_rate, momentum):  # type: ignore[no-untyped-def]
    v = momentum * v - learning_rate * gradient(w + momentum * v)
    return w + v, v


def qhm(w, v, gradient, *, learning_rate, momentum, nu):  # type: ignore[no-untyped-def]
    g = gradient(w)
    v = momentum * v + (1 - momentum) * g
    return w - learning_rate * ((1 - nu) * g + nu * v), v


def triple_momentum(x, xi, xi_last, gradient, *, alpha, beta, gamma, delta):  # type: ignore[no-untyped-def]
    """Van Scoy, Freeman and Lynch, IEEE Control Systems Letters 2 (2018)."""
    y = (1 + gamma) * xi - gamma * xi_last
    new = (1 + beta) * xi - beta * xi_last - alpha * gradient(y)
    return (1 + delta) * new - delta * xi, new, xi


def asgd(w, v, gradient, *, alpha, beta, gamma, delta):  # type: ignore[no-untyped-def]
    """Jain, Kakade, Kidambi, Netrapalli and Sidford, COLT 2018, Algorithm 1."""
    y = alpha * w + (1 - alpha) * v
    g = gradient(y)
    return y - delta * g, beta * y + (1 - beta) * v - gamma * g


def mass(w, u, gradient, *, eta_1, eta_2, gamma):  # type: ignore[no-untyped-def]
    """Liu and Belkin, ICLR 2020, eq. (MaSS)."""
    g = gradient(u)
    new = u - eta_1 * g
    return new, (1 + gamma) * new - gamma * w + eta_2 * g


def snag(x, z, gradient, *, s, eta, alpha, beta):  # type: ignore[no-untyped-def]
    """Stochastic Nesterov with three sequences (Hermant et al., arXiv 2410.07646)."""
    y = alpha * x + (1 - alpha) * z
    g = gradient(y)
    return y - s * g, beta * z + (1 - beta) * y - eta * g


def storm(w, w_last, d, gradient, *, learning_rate, a):  # type: ignore[no-untyped-def]
    """Cutkosky and Orabona, NeurIPS 2019."""
    d = gradient(w) + (1 - a) * (d - gradient(w_last))
    return w - learning_rate * d, w, d


def pid(w, v, d, g_last, gradient, *, learning_rate, momentum, derivative):  # type: ignore[no-untyped-def]
    """An et al., CVPR 2018: the derivative is a moving average of differences of gradients."""
    g = gradient(w)
    v = momentum * v - learning_rate * g
    d = momentum * d - (1 - momentum) * (g - g_last)
    return w + v + derivative * d, v, d, g


def schedule_free(x, z, gradient, *, learning_rate, beta, c):  # type: ignore[no-untyped-def]
    """Defazio et al., NeurIPS 2024, with constant weights of the average."""
    z = z - learning_rate * gradient((1 - beta) * z + beta * x)
    return (1 - c) * x + c * z, z


def optimistic(w, g_last, gradient, *, learning_rate):  # type: ignore[no-untyped-def]
    """Daskalakis et al., ICLR 2018."""
    g = gradient(w)
    return w - 2 * learning_rate * g + learning_rate * g_last, g


def past_extragradient(w, g_last, gradient, *, learning_rate):  # type: ignore[no-untyped-def]
    """Popov 1980: the gradient at the half step is kept for the next one."""
    g = gradient(w - learning_rate * g_last)
    return w - learning_rate * g, g


def delayed(w, past, gradient, *, learning_rate, delay: int = 3):  # type: ignore[no-untyped-def]
    past = (w, *past)
    return w - learning_rate * gradient(past[-1]), past[:-1]


def window_mean(w, past, gradient, *, learning_rate, window: int = 3):  # type: ignore[no-untyped-def]
    past = (gradient(w), *past[:-1])
    return w - learning_rate * sum(past) / window, past


def ademamix(w, m_1, m_2, gradient, *, learning_rate, beta_1, beta_3, alpha):  # type: ignore[no-untyped-def]
    """Pagliardini, Ablin and Grangier, ICLR 2025, without the denominator."""
    g = gradient(w)
    m_1 = beta_1 * m_1 + (1 - beta_1) * g
    m_2 = beta_3 * m_2 + (1 - beta_3) * g
    return w - learning_rate * (m_1 + alpha * m_2), m_1, m_2


def dana_step(x, m, gradient, *, gamma_1, gamma_2, gamma_3, damping):  # type: ignore[no-untyped-def]
    """Ferbach et al. 2025, with the new m written out."""
    g = gradient(x)
    ahead = x - gamma_3 * (1 - damping) * m - (gamma_2 + gamma_3 * gamma_1) * g
    return ahead, m - damping * m + gamma_1 * g


class Published(NamedTuple):
    """A step, how `method` is asked for it, and its state: copies of w are 1, velocities 0."""

    function: Step
    state: tuple[Any, ...]
    options: dict[str, Any] = {}  # noqa: RUF012


PUBLISHED = {
    step.function.__name__: step
    for step in (
        Published(heavy_ball, (1, 0)),
        Published(nesterov, (1, 0)),
        Published(qhm, (1, 0)),
        Published(triple_momentum, (1, 1, 1)),
        Published(asgd, (1, 1)),
        Published(mass, (1, 1)),
        Published(snag, (1, 1)),
        Published(storm, (1, 1, 0), {"losses": "quadratic"}),
        Published(pid, (1, 0, 0, 0)),
        Published(schedule_free, (1, 1)),
        Published(optimistic, (1, 0)),
        Published(past_extragradient, (1, 0)),
        Published(delayed, (1, (1, 1, 1)), {"lengths": {"past": "delay"}}),
        Published(window_mean, (1, (0, 0, 0)), {"lengths": {"past": "window"}}),
        Published(ademamix, (1, 0, 0)),
        Published(dana_step, (1, 0)),
    )
}
