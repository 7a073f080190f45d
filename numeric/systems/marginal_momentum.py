r"""SGD with and without momentum at small learning rates (arXiv 2307.15196).

Problem
    Noise decides, not curvature: learning rates so small that :math:`\eta\lambda\ll1-\beta`, with
    noise so large, up to the scale :math:`\eta^{-1/2}`, that it stays while they shrink.
Algorithm
    SGDM, :math:`m\leftarrow\beta_km+(1-\beta_k)g,\ w\leftarrow w-\eta_km`, and SGD with the rates
    `averaged_rates`.
Guarantee
    Over :math:`O(1/\eta)` steps with :math:`1-\beta\sim\eta^a`, :math:`0\le a<1`, both have the
    same law up to :math:`\eta^{(1-a)/2}` (Theorem 4.5); mean losses of quadratics up to
    :math:`\eta^{1-a}`. It is read off the noise sum: :math:`s_\lambda\to\lambda\eta/2` as
    :math:`\eta\to0`, whatever the momentum.

References
----------
    R. Wang, S. Malladi, T. Wang, K. Lyu and Z. Li, The marginal value of momentum for small
    learning rate SGD, ICLR, arXiv 2307.15196 (2024).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import below_one, bounded_float, positive_float, whole
from sgdmem.numeric.schedules.family_schedule import schedule
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm, require_algorithm
from sgdmem.symbolic.errors import InputError, shown

_MOST_STEPS, _LARGEST_SCALE = 10**7, 1e50


def averaged_rates(learning_rates: Any, momenta: Any) -> Array:
    r"""Return the rates of SGD that has, in the end, heard each gradient as much as SGDM has.

    .. math:: \bar\eta_k = \sum_{s\ge k}\eta_s\Bigl(\prod_{\tau=k+1}^s\beta_\tau\Bigr)(1-\beta_k)

    Parameters
    ----------
    learning_rates : sequence of numbers, shape (T,)
        Of SGDM.
    momenta : sequence of numbers, shape (T,), or a number
        From 0 to 1, without 1.

    Returns
    -------
    ndarray of shape (T,)
        The last ones are small: of their gradients little is heard before the end.

    Raises
    ------
    InputError
        For lists of different lengths, and a momentum out of its range.

    Examples
    --------
    >>> averaged_rates([0.1, 0.1, 0.1], 0.5)
    array([0.0875, 0.075 , 0.05  ])
    """
    rates, betas = _read(learning_rates, momenta)
    found = np.empty_like(rates)
    heard = 0.0  # of a unit of momentum, in all steps from here on
    for k in range(len(rates) - 1, -1, -1):
        after = betas[k + 1] * heard if k + 1 < len(rates) else 0.0
        heard = rates[k] + after
        found[k] = heard * (1 - betas[k])
    return found


def _read(learning_rates: Any, momenta: Any) -> tuple[Array, Array]:
    rates = read_vector(learning_rates, "learning_rates")
    if not is_list(momenta):
        momenta = np.full(len(rates), float(below_one(momenta, "momenta")))
    betas = read_vector(momenta, "momenta")
    if len(betas) != len(rates):
        raise InputError(
            f"momenta must be one, or one for each of the {len(rates)} learning_rates, "
            f"got {len(betas)}"
        )
    if not ((betas >= 0) & (betas < 1)).all():
        raise InputError(f"momenta must be from 0 to 1, without 1, got {shown(momenta)}")
    return rates, betas


def sgdm_and_sgd(learning_rates: Any, momenta: Any) -> tuple[Schedule, Schedule]:
    """Return SGDM with changing parameters, and the SGD that it is compared with.

    Parameters
    ----------
    learning_rates, momenta
        See `averaged_rates`; the schedules are for as many steps.

    Examples
    --------
    >>> import sgdmem
    >>> problem = sgdmem.Problem.power_law(1.5, zeta="0.5")
    >>> with_momentum, without = sgdm_and_sgd([0.01] * 1000, 0.9)
    >>> ratio = [sgdmem.losses(x, problem, 8, 1000)[-1] for x in (with_momentum, without)]
    >>> print(round(ratio[0] / ratio[1], 3))
    0.997
    """
    rates, betas = _read(learning_rates, momenta)
    averaged = averaged_rates(rates, betas)

    def at(values: Array) -> Any:
        def rule(t: Array) -> Array:
            steps = np.asarray(t).astype(int)
            if steps.size and steps.max() >= len(values):
                raise InputError(f"steps must be at most {len(values)}, one for each learning rate")
            found: Array = values[steps]
            return found

        return rule

    return (
        schedule("sgdm", learning_rate=at(rates), momentum=at(betas)),
        schedule("sgd", learning_rate=at(averaged)),
    )


def svag(method: Algorithm, batch_size: Any, scale: Any) -> tuple[Algorithm, float]:
    r"""Return what SVAG makes of a method and a batch size: more noise and less curvature.

    A gradient is :math:`r_1g_1+r_2g_2` of two batches, :math:`r=(1\mp\sqrt{2\ell^2-1})/2`: its mean
    is that of one, its covariance :math:`\ell^2` times as large, which is a batch :math:`\ell^2`
    times smaller if its samples are independent: not if they are drawn without replacement. The
    learning rate is divided by :math:`\ell^2`; so many times more steps bring the same drift and
    the same noise (Definition 6.1).

    Parameters
    ----------
    method : Algorithm
    batch_size : number
    scale : number
        :math:`\ell`, at least 1; 1 leaves all as it is.

    Raises
    ------
    InputError
        For a scale below 1.

    Examples
    --------
    >>> import sgdmem
    >>> method, batch_size = svag(sgdmem.sgd("0.4"), 64, 2)
    >>> float(method.alpha), batch_size
    (0.1, 16.0)
    """
    factor = Fraction(bounded_float(scale, "scale", _LARGEST_SCALE)) ** 2
    if factor < 1:
        raise InputError(f"scale must be at least 1, got {shown(scale)}")
    slower = require_algorithm(method, "method").scaled(1 / factor)
    return slower, positive_float(batch_size, "batch_size") / float(factor)


def endpoint_variances(method: Algorithm, steps: Any, *, settled: bool = True) -> Array:
    r"""Return the variance of w under gradients that are independent and alike, of variance 1.

    That is what noise does where the loss has no curvature (section 4.1).

    Parameters
    ----------
    method : Algorithm
        Whose D is strictly stable.
    steps : int
    settled : bool
        Whether buffers begin with the spread that they have in the long run, or at rest.

    Returns
    -------
    ndarray of shape (steps + 1,)
        After 0, 1, … steps. The first of them, settled, is the variance of a single step.

    Raises
    ------
    InputError
        For a method whose buffers do not settle.

    Examples
    --------
    >>> import sgdmem
    >>> found = endpoint_variances(sgdmem.methods.sgdm(1, "0.9"), 1000)
    >>> print(found[[1, 1000]].round(6))  # (1 - 0.9) / (1 + 0.9), and 1000 - 1.8 / 0.19
    [5.263200e-02 9.905263e+02]
    """
    from scipy.linalg import solve_discrete_lyapunov

    count = whole(steps, "steps", 0, _MOST_STEPS)
    blocks = numeric_algorithm(require_algorithm(method, "method")).blocks
    S, v = (np.array(part, dtype=float) for part in (blocks.state[0], blocks.state[1]))
    M = len(v) - 1
    spread = np.zeros((M + 1, M + 1))
    if M and np.abs(np.linalg.eigvals(S[1:, 1:])).max() >= 1:
        raise InputError("method must forget its buffers: D has an eigenvalue of modulus 1 or more")
    if M and settled:
        spread[1:, 1:] = solve_discrete_lyapunov(S[1:, 1:], np.outer(v[1:], v[1:]))
    found = [0.0]
    for _ in range(count):
        spread = S @ spread @ S.T + np.outer(v, v)
        found.append(float(spread[0, 0]))
    return np.array(found)
