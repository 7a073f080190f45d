r"""SGD in deep linear networks (arXiv 2604.06366): the modes of aligned, balanced layers.

Problem
    Outputs :math:`y=W^*x+\xi` of random inputs x, independent along their principal axes, labels
    with noise of variance :math:`\sigma^2` an output; the loss is :math:`\frac12|y-Wx|^2` and W a
    product of L matrices. Layers are aligned, so that W has the singular vectors of
    :math:`W^*`, which are the axes of x, and balanced: each singular value is
    :math:`s=u^L`, with the same u in all layers.
Algorithm
    SGD with mini-batches of B fresh samples, as its diffusion. Time is learning rate times steps.
Guarantee
    With :math:`G=\lambda(s-s^*)`, :math:`D=((\kappa-1)\lambda^2(s-s^*)^2+\lambda\sigma^2)/B` the
    mean and the variance of the gradient, :math:`\kappa=E x^4/\lambda^2` (3 of Gaussian inputs),
    each mode moves by itself, as

    .. math:: ds=-Ls^{2-2/L}(G\,dt+\sqrt{\eta D}\,dW)+\tfrac12L(L-1)s^{3-4/L}\,\eta D\,dt,

    which `sgdmem.symbolic.systems.deep_linear_mode` derives.

References
----------
    G. Corlouer, A. Semler, A. Strang and A. Gietelink Oldenziel, Stochastic gradient descent in the
    saddle-to-saddle regime of deep linear networks, arXiv 2604.06366 (2026).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import real_array
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, number, whole
from sgdmem.numeric.problems.batch_size import inverse_batch_size
from sgdmem.symbolic.errors import InputError, shown

DEEPEST = 1000
LARGEST = 1e50


@dataclass(frozen=True, init=False)
class DeepLinearMode:
    r"""One mode of a deep linear network that is trained by SGD.

    Parameters
    ----------
    depth : int
        L, the number of layers, from 2 to 1000.
    target : number
        The singular value :math:`s^*\ge0` of the labels.
    eigenvalue : number
        :math:`\lambda>0` of the inputs' covariance along the mode.
    learning_rate : number
        :math:`\eta>0`, by which time is measured.
    batch_size : number
        B; infinite for gradient flow.
    label_variance : number
        :math:`\sigma^2\ge0`, of one output.
    kurtosis : number
        :math:`E x^4/\lambda^2\ge1` of the inputs: 3 of Gaussian ones, 1 of random signs, with which
        the labels' noise alone is left.

    Raises
    ------
    InputError
        For a number out of its range.

    Examples
    --------
    >>> mode = DeepLinearMode(depth=3, target=2, learning_rate=0.01, batch_size=4)
    >>> print(mode)
    depth 3, target 2, eigenvalue 1; learning rate 0.01, batch size 4
    >>> print(mode.drift([0.5, 2]).round(3), mode.diffusion([0.5, 2]).round(3))
    [1.796 0.   ] [0.126 0.   ]
    """

    depth: int
    target: float
    eigenvalue: float
    learning_rate: float
    batch_size: float
    label_variance: float
    kurtosis: float

    def __init__(
        self,
        depth: Any,
        target: Any,
        eigenvalue: Any = 1,
        learning_rate: Any = "0.01",
        batch_size: Any = math.inf,
        label_variance: Any = 0,
        kurtosis: Any = 3,
    ) -> None:
        inverse = inverse_batch_size(batch_size)
        checked = {
            "depth": whole(depth, "depth", 2, DEEPEST),
            "target": _from(target, "target", 0),
            "eigenvalue": bounded_float(eigenvalue, "eigenvalue", LARGEST),
            "learning_rate": bounded_float(learning_rate, "learning_rate", LARGEST),
            "batch_size": float(1 / inverse) if inverse else math.inf,
            "label_variance": _from(label_variance, "label_variance", 0),
            "kurtosis": _from(kurtosis, "kurtosis", 1),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __str__(self) -> str:
        noise = f", label variance {self.label_variance:g}" if self.label_variance else ""
        tails = f", kurtosis {self.kurtosis:g}" if self.kurtosis != 3 else ""
        return (
            f"depth {self.depth}, target {self.target:g}, eigenvalue {self.eigenvalue:g}{noise}"
            f"{tails}; learning rate {self.learning_rate:g}, batch size {self.batch_size:g}"
        )

    def gradient(self, s: Any) -> Array:
        r"""Return the mean gradient for the product, :math:`G=\lambda(s-s^*)`."""
        gap: Array = self.eigenvalue * (_strengths(s) - self.target)
        return gap

    def gradient_variance(self, s: Any) -> Array:
        r"""Return D, the variance of a batch's gradient for the product, of the shape of s."""
        pure = self.label_variance * self.eigenvalue
        variance: Array = ((self.kurtosis - 1) * self.gradient(s) ** 2 + pure) / self.batch_size
        return variance

    def drift(self, s: Any, coordinate: str = "s") -> Array:
        r"""Return the drift of s in time :math:`\eta\cdot` steps, or that of a coordinate.

        Parameters
        ----------
        s : array_like
            Strengths of the mode, not negative.
        coordinate : {"s", "log", "flat"}
            s, log s, or the coordinate of `sgdmem.symbolic.systems.deep_linear_mode.mode_equation`
            in which the noise does not depend on the layers. The argument is s all the same.
        """
        return self._evaluated(0, s, coordinate)

    def diffusion(self, s: Any, coordinate: str = "s") -> Array:
        """Return the coefficient of dW, likewise; not negative."""
        return self._evaluated(1, s, coordinate)

    @property
    def noisy(self) -> bool:
        """Whether batches differ: they are finite, and labels or the squares of inputs vary."""
        return not math.isinf(self.batch_size) and (self.label_variance > 0 or self.kurtosis > 1)

    def diffusion_peak(self) -> float:
        r"""Return where diffusion is largest on the way from 0 to the target.

        Without label noise it is :math:`s^*(2-2/L)/(3-2/L)`, before the feature is learned. With
        :math:`r=\sigma^2/((\kappa-1)\lambda s^{*2})` and p = 2 - 2/L there is no such maximum from
        :math:`4p(p+1)r=1` on, and before that the target has more: it is returned then.

        Raises
        ------
        InputError
            Without a target or without noise.

        Examples
        --------
        >>> DeepLinearMode(2, 1, batch_size=1).diffusion_peak()
        0.5
        """
        data = (self.kurtosis - 1) * self.eigenvalue * self.target**2
        if not self.target or not self.noisy:
            raise InputError(f"mode must have a target, and noise, got {self}")
        p = 2 - 2 / self.depth
        inside = data * (data - 4 * p * (p + 1) * self.label_variance)
        if inside <= 0:
            return self.target
        peak = self.target * (2 * p + 1 - math.sqrt(inside) / data) / (2 * p + 2)
        return max((peak, self.target), key=self.diffusion)

    def _evaluated(self, part: int, s: Any, coordinate: str) -> Array:
        strengths = _strengths(s)
        noise = self.learning_rate * self.gradient_variance(strengths)
        value = _equation(coordinate)[part](strengths, self.depth, self.gradient(strengths), noise)
        return np.broadcast_to(value, strengths.shape)


@cache
def _equation(coordinate: str) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """Return drift and diffusion as functions of s, L, G and eta D."""
    import sympy

    from sgdmem.symbolic.systems.deep_linear_mode import mode_equation, mode_symbols

    if coordinate not in ("s", "log", "flat"):
        raise InputError(f'coordinate must be "s", "log" or "flat", got {shown(coordinate)}')
    drift, diffusion = (
        sympy.lambdify(mode_symbols(), part, "numpy") for part in mode_equation(coordinate)
    )
    return drift, diffusion


def _from(value: Any, name: str, least: int) -> float:
    found = float(number(value, name))
    if not (least or 1 / LARGEST) <= found <= LARGEST and found != least:
        begin = f"from {least}" if least else f"0, or from {1 / LARGEST:g}"
        raise InputError(f"{name} must be {begin} to {LARGEST:g}, got {shown(value)}")
    return found


def _strengths(s: Any) -> Array:
    quick = isinstance(s, np.ndarray) and s.dtype.kind == "f"
    values = s if quick else real_array(s, "s")
    if (values < 0).any():
        raise InputError(f"s must not be negative, got {shown(values.min())}")
    return values
