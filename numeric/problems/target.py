"""The target of least squares: how far the start is from it along each eigenvector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.spectra.power_law import STEEPEST, PowerLaw
from sgdmem.numeric.spectra.spectrum import Spectrum, require_spectrum
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown


@dataclass(frozen=True, init=False)
class PowerLawTarget:
    r"""The source condition of arXiv 2410.04228, eq. (1), for a power-law spectrum.

    The squares are :math:`c_k^2 = E\nu\zeta\Lambda^{\zeta-1}k^{\nu-\nu\zeta-1}` on the eigenvalues
    :math:`\Lambda k^{-\nu}`:

    .. math:: \lambda_k c_k^2 = E\nu\zeta\Lambda^\zeta k^{-\nu\zeta-1},\qquad
        \sum_{k:\,\lambda_k<\lambda}\lambda_k c_k^2 \sim E\lambda^\zeta

    `Problem.power_law` takes both exponents.

    Parameters
    ----------
    exponent : number > 0
        Zeta; below 1 the target is infeasible, with an infinite sum of the squares c_k^2.
    energy : number > 0
        E, by default 1.

    Examples
    --------
    >>> target = PowerLawTarget(0.5)
    >>> target.masses(Spectrum.power_law(2, count=3))  # lambda_k c_k^2 = k^-2
    array([1.        , 0.25      , 0.11111111])
    """

    exponent: float
    energy: float

    def __init__(self, exponent: Any, energy: Any = 1.0) -> None:
        zeta = positive_float(exponent, "exponent")
        if zeta > STEEPEST:
            raise InputError(f"exponent must be at most {STEEPEST:,}, got {shown(exponent)}")
        object.__setattr__(self, "exponent", zeta)  # frozen
        object.__setattr__(self, "energy", positive_float(energy, "energy"))

    def first_mass(self, law: PowerLaw) -> float:
        """Return lambda_1 c_1^2; InputError if it leaves the range of floats."""
        power = law.exponent * self.exponent
        with np.errstate(over="ignore", under="ignore"):
            mass = float(self.energy * power * np.float64(law.scale) ** self.exponent)
        if not 0 < mass < np.inf:
            raise InputError(
                f"target must have a mass lambda_1 c_1^2 within the range of floats: exponent "
                f"{self.exponent:g} and energy {self.energy:g} make {mass:g} of the largest "
                f"eigenvalue {law.scale:g}"
            )
        return mass

    def masses(self, spectrum: Spectrum) -> Array:
        """Return lambda_k c_k^2 for the eigenvalues of a law that can be listed."""
        law = self.law_of(spectrum)
        k = np.arange(1.0, len(spectrum) + 1)
        masses: Array = self.first_mass(law) * k ** -(law.exponent * self.exponent + 1)
        return masses

    def law_of(self, spectrum: Spectrum) -> PowerLaw:
        """Return the power law of a spectrum, or raise InputError."""
        if spectrum.law is None:
            raise InputError(
                f"a power-law target needs a power-law spectrum, got {spectrum}: "
                f"give the squares c_k^2, one for each eigenvalue"
            )
        return spectrum.law


_HELP = "for a data matrix X and labels y, Problem.from_data(X, y) has them in order"


@dataclass(frozen=True, eq=False)
class ListedTarget:
    """The squares c_k^2 of the coefficients of w_0 - w*, one for each eigenvalue."""

    squares: Array

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListedTarget) and np.array_equal(self.squares, other.squares)

    def __hash__(self) -> int:
        return hash(tuple(self.squares.tolist()))

    def masses(self, spectrum: Spectrum) -> Array:
        """Return lambda_k c_k^2, multiplicities included."""
        if spectrum.is_infinite or len(spectrum) != self.squares.size:
            advice = "use PowerLawTarget(zeta)" if spectrum.is_infinite else _HELP
            raise InputError(
                f"target must have one entry for each eigenvalue of {spectrum!r}, "
                f"got {self.squares.size}: {advice}"
            )
        with np.errstate(over="ignore"):
            return spectrum.weights * spectrum.eigenvalues * self.squares


Target = PowerLawTarget | ListedTarget


def read_target(value: Any, spectrum: Spectrum) -> Target:
    """Validate a target against a spectrum.

    Parameters
    ----------
    value : PowerLawTarget, or sequence of shape (N,)
        Squares c_k^2 >= 0 of the start's coefficients in the eigenbasis, not all zero.

    Raises
    ------
    InputError
        Naming what is wrong.
    """
    require_spectrum(spectrum)
    if isinstance(value, PowerLawTarget):
        value.law_of(spectrum)
        return value
    if isinstance(value, ListedTarget):
        value.masses(spectrum)
        return value
    if not is_list(value):
        raise InputError(
            f"target must be the squares c_k^2, one for each eigenvalue, or PowerLawTarget(zeta),"
            f" got {shown(value)}"
        )
    squares = read_vector(value, "target")
    if (squares < 0).any():
        raise InputError("target must hold finite numbers >= 0, the squares c_k^2")
    if not squares.any():
        raise InputError("target must not be all zero: the loss would be 0 from the start")
    target = ListedTarget(squares)
    target.masses(spectrum)
    return target
