"""Eigenvalues one by one, with their multiplicities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import positive, positive_list
from sgdmem.symbolic.errors import InputError

_SHOWN = 4  # eigenvalues of a list that is shown in full


@dataclass(frozen=True, eq=False)
class EigenvalueList:
    """Positive eigenvalues in the caller's order.

    Attributes
    ----------
    eigenvalues, radii, weights : ndarray, shape (N,)
        Nearest floats, bounds on their distances from the exact values, multiplicities; read-only.

    Examples
    --------
    >>> print(EigenvalueList.read([4, "0.1"], [1, 2]))
    eigenvalues [4, 0.1], 3 modes
    """

    eigenvalues: Array
    radii: Array
    weights: Array

    def __post_init__(self) -> None:
        for array in (self.eigenvalues, self.radii, self.weights):
            array.flags.writeable = False

    @classmethod
    def read(cls, eigenvalues: Any, weights: Any = None) -> EigenvalueList:
        """Return what a caller gives as numbers of any kind; InputError if it is no such list."""
        mid, rad = positive_list(eigenvalues, "eigenvalues")
        if weights is None:
            return cls(mid, rad, np.ones(mid.size))
        multiplicities, _ = positive_list(weights, "weights")
        if multiplicities.shape != mid.shape:
            raise InputError(
                f"weights must have one entry for each of the {mid.size} eigenvalues, "
                f"got {multiplicities.size}"
            )
        return cls(mid, rad, multiplicities)

    @property
    def modes(self) -> float:
        """How many modes there are, multiplicities included."""
        return float(self.weights.sum())

    @property
    def largest(self) -> float:
        """The largest eigenvalue."""
        return float(self.eigenvalues.max())

    def sum(self, power: float) -> float:
        r"""Return :math:`\sum_k\lambda_k^p` over all modes."""
        with np.errstate(over="ignore", under="ignore"):
            terms = self.weights * self.eigenvalues**power
        try:
            return math.fsum(terms)
        except OverflowError:  # of the sum of finite terms
            return math.inf

    def scaled(self, factor: Any) -> EigenvalueList:
        """Return the eigenvalues times a factor; InputError if they leave the range of floats."""
        exact = positive(factor, "factor")
        ball = Ball(self.eigenvalues, self.radii) * Ball.exactly([exact])[0]
        if not (np.isfinite(ball.rad).all() and ball.mid.all()):
            raise InputError(
                f"factor must keep the eigenvalues in the range of floating-point numbers, "
                f"got {factor}"
            )
        return EigenvalueList(ball.mid, ball.rad, self.weights)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EigenvalueList):
            return NotImplemented
        return (
            np.array_equal(self.eigenvalues, other.eigenvalues)
            and np.array_equal(self.radii, other.radii)
            and np.array_equal(self.weights, other.weights)
        )

    def __hash__(self) -> int:
        return hash(self.eigenvalues.tobytes())

    @property
    def arguments(self) -> str:
        """What `Spectrum` would be given for a short list; of a long one, what it is."""
        if self.eigenvalues.size > _SHOWN:
            return str(self)
        weights = f", weights={_short(self.weights)}" if (self.weights != 1).any() else ""
        return f"{_short(self.eigenvalues)}{weights}"

    def __str__(self) -> str:
        lam = self.eigenvalues
        modes = f", {self.modes:g} modes" if (self.weights != 1).any() else ""
        if lam.size <= _SHOWN:
            return f"eigenvalues {_short(lam)}{modes}"
        return f"{lam.size} eigenvalues, {lam.min():.3g} to {lam.max():.3g}{modes}"


def _short(values: Array) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"
