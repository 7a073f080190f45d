"""Accelerated methods as optimizers of PyTorch, as a practitioner calls them.

What is tuned is the learning rate, that of SGD for the directions of large curvature. The rate for
the others grows during training.

What to expect, from docs/training/experiments.md: on slow power laws losses that are several times
smaller than those of a tuned Nesterov momentum; behind it for long where the exponent is near 1;
in training networks about as good, on held-out samples not better.
"""

from __future__ import annotations

from typing import Any

import torch

from sgdmem.numeric.acceleration.unit_rate import MODERATE, am1, am2, dana
from sgdmem.numeric.training.methods.linear_memory import LinearMemory


def AM1(
    params: torch.optim.optimizer.ParamsT,
    lr: float,
    exponent: Any = MODERATE,
    *,
    damping_exponent: float = 0.95,
    damping_scale: float = 1.0,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> LinearMemory:
    r"""Return the accelerated method with memory 1 of arXiv 2410.04228 as an optimizer.

    Its first step is one of SGD, and its momentum :math:`1-d_0t^{-\bar\delta}` grows as the run
    does. It needs no length of the run. Its effective rate passes that of a momentum of 0.9 after
    :math:`10^{1/(0.95(1-1/\nu))}` steps: 130, 1,400 and 36,000 for exponents 2, 1.5 and 1.3.

    Parameters
    ----------
    params : iterable
        As of `LinearMemory`.
    lr : float
        Try the rates that you would try for SGD, and smaller ones, as some seeds may diverge at the
        rate that is best for others.
    exponent : number > 1, or Spectrum, or list of eigenvalues
        How fast the eigenvalues of the Hessian fall, :math:`k^{-\nu}`; of measured ones it is
        fitted. The larger, the faster the effective rate grows: like
        :math:`t^{\bar\delta(1-1/\nu)}`.
    damping_exponent, damping_scale : number
        :math:`\bar\delta` and :math:`d_0`; see `sgdmem.methods.am1`.
    weight_decay, maximize
        As of `LinearMemory`.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> AM1(torch.nn.Linear(3, 1).parameters(), lr=0.1).rule
    Schedule('AM1 (damping 1 t^-0.95)', memory 1)
    """
    rule = am1(exponent, damping_exponent=damping_exponent, damping_scale=damping_scale)
    return LinearMemory(params, rule, lr, weight_decay=weight_decay, maximize=maximize)


def AM2(
    params: torch.optim.optimizer.ParamsT,
    lr: float,
    exponent: Any = MODERATE,
    *,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> LinearMemory:
    r"""Return the smooth schedule of memory 2 as an optimizer.

    Its effective rate is some 20 times ``lr`` from the start, and grows faster than that of `AM1`:
    its exponent is proved for quadratic losses. It keeps two vectors for each parameter.

    Parameters
    ----------
    params : iterable
        As of `LinearMemory`.
    lr : float
        Try the rates that you would try for SGD with a momentum of 0.9.
    exponent : number > 1, or Spectrum, or list of eigenvalues
        As of `AM1`. The proportions of the method are fitted to it, which takes a second.
    weight_decay, maximize
        As of `LinearMemory`.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> AM2(torch.nn.Linear(3, 1).parameters(), lr=0.01, exponent=2).rule
    Schedule('AM2 (slowest damping 3.33333/t)', memory 2)
    """
    return LinearMemory(params, am2(exponent), lr, weight_decay=weight_decay, maximize=maximize)


def DANA(
    params: torch.optim.optimizer.ParamsT,
    lr: float,
    exponent: Any = MODERATE,
    *,
    damping_scale: Any = None,
    velocity_scale: float = 1.0,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> LinearMemory:
    r"""Return DANA-decaying of arXiv 2505.16098 as an optimizer.

    It is `AM1` with a damping exponent of 1, in other constants: two papers, one method.

    Parameters
    ----------
    params : iterable
        As of `LinearMemory`.
    lr : float
        :math:`\gamma_2`. Try the rates that you would try for SGD, and smaller ones.
    exponent : number > 1, or Spectrum, or list of eigenvalues
        As of `AM1`; the paper's :math:`\kappa_3` is its inverse.
    damping_scale, velocity_scale : number > 0
        :math:`\delta` and :math:`\gamma_3(0)/\gamma_2`; see `sgdmem.methods.dana`.
    weight_decay, maximize
        As of `LinearMemory`.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> DANA(torch.nn.Linear(3, 1).parameters(), lr=0.1, exponent=2).rule
    Schedule('DANA-decaying (damping 4/t)', memory 1)
    """
    rule = dana(exponent, damping_scale=damping_scale, velocity_scale=velocity_scale)
    return LinearMemory(params, rule, lr, weight_decay=weight_decay, maximize=maximize)
