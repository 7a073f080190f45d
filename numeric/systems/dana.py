r"""Dimension-adapted momentum (DANA, arXiv 2505.16098) on power-law random features.

Problem
    `sgdmem.systems.random_features`: d features of inputs whose variances fall like
    :math:`j^{-2\alpha}`, labels whose coefficients fall like :math:`j^{-\beta}`, small batches.
Algorithm
    :math:`y\leftarrow(1-\Delta_t)y+g,\ \theta\leftarrow\theta-\gamma_2g-\gamma_{3,t}y`,
    :math:`\Delta_t=\min(1,\delta/(1+t))`; DANA-constant has :math:`\gamma_3\propto1/d`,
    DANA-decaying :math:`\gamma_{3,t}\propto(1+t)^{-1/2\alpha}`. It is the two-rate method with
    other letters.
Guarantee
    Momentum that stays as it is has the exponents of SGD. DANA is at t where SGD is at
    :math:`\vartheta(t)=1+2\gamma_2t+(\int\sqrt{\gamma_3})^2`, up to constants:
    :math:`t+t^2/d` for DANA-constant, :math:`t^{2-1/2\alpha}` for DANA-decaying, :math:`2\alpha>1`.

References
----------
    D. Ferbach, K. Everett, G. Gidel, E. Paquette and C. Paquette, Dimension-adapted momentum
    outscales SGD, arXiv 2505.16098 (2025).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.systems.random_features import RandomFeatures
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, sgd

_SHARE, _VELOCITY = 0.375, 0.1  # of the rates below, and of gamma_3


def largest_scale(features: RandomFeatures, batch_size: Any = 1) -> float:
    r"""Return :math:`B\min(2/(B+1),1/\mathrm{Tr}K)`, in whose units the paper has its rates.

    Near :math:`2/(B+1)` one mode of the eigenvalue 1 is unstable, and at :math:`2/\mathrm{Tr}K`
    the noise of all modes, where the gradients of a batch are added up. Here they are averaged:
    hence B.

    Parameters
    ----------
    features : RandomFeatures
    batch_size : number > 0
        B, 1 by default; finite.

    Examples
    --------
    >>> from sgdmem.systems import random_features
    >>> features = random_features(1, 0.7, 100)
    >>> [round(largest_scale(features, B), 3) for B in (1, 2, 100)]
    [0.636, 1.272, 1.98]
    """
    _require(features)
    B = positive_float(batch_size, "batch_size")
    return B * min(2 / (B + 1), 1 / features.trace)


def _require(features: object) -> RandomFeatures:
    if not isinstance(features, RandomFeatures):
        raise InputError(f"features must be those of random_features, got {shown(features)}")
    return features


def damping_constant(features: RandomFeatures) -> float:
    r"""Return the paper's :math:`\delta=1+\max(2+(2\beta-1)/\alpha,2-1/\alpha)`."""
    return 1 + max(2 * features.zeta, 2 - 2 / features.nu)


def dana_constant(
    features: RandomFeatures,
    batch_size: Any = 1,
    *,
    gamma_2: Any = None,
    gamma_3: Any = None,
    delta: Any = None,
) -> Dana:
    r"""Return DANA-constant, whose :math:`\gamma_3` does not change.

    Parameters
    ----------
    features : RandomFeatures
    batch_size : number > 0
    gamma_2 : number > 0
        By default 0.375 times `largest_scale`.
    gamma_3 : number > 0
        By default 0.1 / d times `largest_scale`, which for small batches is
        :math:`0.1B/(d\,\mathrm{Tr}K)`.
    delta : number > 0
        By default `damping_constant`.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> from sgdmem.systems import random_features
    >>> dana_constant(random_features(1, 0.7, 100))
    Schedule('DANA-constant (damping 3.4/t)', memory 1)
    """
    return _dana(features, batch_size, gamma_2, gamma_3, None, delta)


def dana_decaying(
    features: RandomFeatures,
    batch_size: Any = 1,
    *,
    gamma_2: Any = None,
    gamma_3: Any = None,
    kappa_3: Any = None,
    delta: Any = None,
) -> Dana:
    r"""Return DANA-decaying, whose :math:`\gamma_3` falls like :math:`(1+t)^{-\kappa_3}`.

    Parameters
    ----------
    features, batch_size, gamma_2, delta
        As for `dana_constant`.
    gamma_3 : number > 0
        Of the first step; by default 0.1 times `largest_scale`. The paper also has
        :math:`\gamma_2`.
    kappa_3 : number > 0
        By default :math:`1/2\alpha`, or 1 where :math:`2\alpha<1`.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> from sgdmem import losses
    >>> from sgdmem.systems import random_features
    >>> features = random_features(1, 0.7, 100)
    >>> rule = dana_decaying(features)
    >>> print(losses(rule, features.problem, 1, 1000)[1000].round(5))
    0.00042
    """
    usual = 1 / max(_require(features).nu, 1.0)
    decay = usual if kappa_3 is None else positive_float(kappa_3, "kappa_3")
    rule = _dana(features, batch_size, gamma_2, gamma_3, decay, delta)
    return replace(rule, acceleration=2 - decay) if decay == usual < 1 else rule


def _dana(
    features: RandomFeatures,
    batch_size: Any,
    gamma_2: Any,
    gamma_3: Any,
    decay: float | None,
    delta: Any,
) -> Dana:
    unit = largest_scale(features, batch_size)
    velocity = _VELOCITY / (features.width if decay is None else 1)
    given = {"gamma_2": gamma_2, "gamma_3": gamma_3, "delta": delta}
    usual = (_SHARE * unit, velocity * unit, damping_constant(features))
    chosen = {
        name: positive_float(default if value is None else value, name)
        for (name, value), default in zip(given.items(), usual, strict=True)
    }
    return Dana.of(kappa_3=decay or 0.0, **chosen)


def dana_methods(
    features: RandomFeatures, batch_size: Any = 1, *, momentum: Any = 0.9
) -> dict[str, Algorithm | Schedule]:
    r"""Return the methods that the paper compares: SGD, SGD-M and both DANA.

    SGD has the rate :math:`\gamma_2`, and SGD-M, the heavy ball, as effective one.

    Parameters
    ----------
    features, batch_size
        As for `dana_constant`.
    momentum : number > 0, < 1
        Of SGD-M.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> from sgdmem import losses
    >>> from sgdmem.systems import random_features
    >>> features = random_features(1, 0.7, 100)
    >>> for name, method in dana_methods(features).items():
    ...     risk = features.floor + losses(method, features.problem, 1, 10_000)[-1]
    ...     print(f"{name}: {risk:.6f}")
    SGD: 0.000289
    SGD-M: 0.000282
    DANA-constant: 0.000244
    DANA-decaying: 0.000241
    """
    rate = _SHARE * largest_scale(features, batch_size)
    share = positive_float(momentum, "momentum")
    if not share < 1:
        raise InputError(f"momentum must be below 1, got {shown(momentum)}")
    return {
        "SGD": sgd(rate),
        "SGD-M": heavy_ball(rate * (1 - share), share),
        "DANA-constant": dana_constant(features, batch_size),
        "DANA-decaying": dana_decaying(features, batch_size),
    }
