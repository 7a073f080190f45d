"""What a spectrum holds: eigenvalues and multiplicities, listed or by a law, and their sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive, positive_float
from sgdmem.numeric.spectra.eigenvalue_list import EigenvalueList
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    pass

MOST_EIGENVALUES = 10**7  # a longer power law is summed, never listed
_NONE = Fraction(0)
_LARGEST_DECAY = Fraction(10) ** 100


@dataclass(frozen=True, init=False, repr=False)
class SpectrumValues:
    """Eigenvalues with multiplicities, and what moves them all alike."""

    _members: EigenvalueList | PowerLaw
    weight_decay: Fraction
    is_held: bool

    @classmethod
    def _of(
        cls, members: EigenvalueList | PowerLaw, weight_decay: Any = _NONE, is_held: bool = False
    ) -> Self:
        made = cls.__new__(cls)
        vars(made).update(  # frozen
            _members=members, weight_decay=weight_decay, is_held=is_held or weight_decay > 0
        )
        return made

    def _with(self, members: EigenvalueList | PowerLaw) -> Self:
        return self._of(members, self.weight_decay, self.is_held)

    def scaled(self, factor: Any) -> Self:
        """Return the spectrum with every eigenvalue multiplied by ``factor`` > 0.

        Raises
        ------
        InputError
            If an eigenvalue would leave the range of floating-point numbers.
        """
        found = self._with(self._members.scaled(factor))
        found = found.decayed(self.weight_decay * positive(factor, "factor"))
        return found.held() if self.is_held else found

    def decayed(self, weight_decay: Any) -> Self:
        """Return the spectrum of a problem with weight decay, see `Problem`.

        Raises
        ------
        InputError
            If it is not a number from 0 to 1e100.

        Examples
        --------
        >>> from sgdmem import Spectrum
        >>> print(Spectrum([4, 1]).decayed("0.1"))
        eigenvalues [4, 1], weight decay 0.1
        """
        decay = number(weight_decay, "weight_decay")
        if not 0 <= decay <= _LARGEST_DECAY:
            raise InputError(
                f"weight_decay must be a number from 0 to 1e100, got {shown(weight_decay)}"
            )
        return self._of(self._members, decay)

    def held(self) -> Self:
        """Return the spectrum as one for a method that shrinks w."""
        return self._of(self._members, self.weight_decay, True)

    @property
    def law(self) -> PowerLaw | None:
        """The power law that it is, or None."""
        return self._members if isinstance(self._members, PowerLaw) else None

    def listed(self) -> Self:
        """Return the spectrum as a list of eigenvalues; InputError for a law too long to list."""
        return self if self.law is None else self._with(self._list)

    @property
    def is_infinite(self) -> bool:
        """Whether it is an infinite power law."""
        return self.law is not None and self.law.count is None

    @property
    def eigenvalues(self) -> Array:
        """The eigenvalues as floats; InputError for a law that is too long to list."""
        return self._list.eigenvalues

    @property
    def radii(self) -> Array:
        """Bounds on the distance of ``eigenvalues`` from the exact values."""
        return self._list.radii

    @property
    def weights(self) -> Array:
        """The multiplicities."""
        return self._list.weights

    @cached_property
    def _list(self) -> EigenvalueList:
        members = self._members
        if isinstance(members, EigenvalueList):
            return members
        if members.count is None or members.count > MOST_EIGENVALUES:
            raise InputError(
                f"{self!r} has too many eigenvalues to list them (at most {MOST_EIGENVALUES:,})"
            )
        return members.listed()

    @property
    def is_exact(self) -> bool:
        """Whether every eigenvalue of the list is a rational number that is known."""
        return len(self._list.given) == np.count_nonzero(self.radii)

    def eigenvalue(self, index: int) -> Fraction | None:
        """Return an eigenvalue of the list exactly; None if it is no rational number."""
        members = self._list
        if members.radii[index]:
            return members.given.get(index)
        return Fraction(float(members.eigenvalues[index]))

    def exact(self) -> list[Fraction]:
        """Return the eigenvalues of a list exactly; InputError for one that is no rational."""
        return self._list.exact()

    def exact_weights(self) -> list[Fraction]:
        """Return the multiplicities of a list before they were rounded."""
        return self._list.exact_weights()

    @property
    def dropped(self) -> int:
        """How many of the entries that were given are left out."""
        return self._members.dropped if isinstance(self._members, EigenvalueList) else 0

    @property
    def dropped_modes(self) -> float:
        """How many modes those are, multiplicities included."""
        return self._members.dropped_modes if isinstance(self._members, EigenvalueList) else 0.0

    @cached_property
    def count(self) -> float:
        """Number of modes, multiplicities included; inf for an infinite law."""
        return self._members.modes

    @cached_property
    def largest(self) -> float:
        """The largest eigenvalue."""
        return self._members.largest

    @cached_property
    def trace(self) -> float:
        """The sum of all eigenvalues; inf when it diverges."""
        return self.power_sum(1)

    @property
    def diverges(self) -> bool:
        """Whether it is an infinite power law that no noise sum converges on.

        Its exponent is 1 or less, so that it has no trace; under weight decay 1/2 or less.
        """
        law = self.law
        most = 0.5 if self.is_held else 1.0
        return law is not None and law.count is None and law.exponent <= most

    @property
    def has_squares_alone(self) -> bool:
        """Whether it is an infinite law under weight decay that has no trace but converges."""
        return self.is_infinite and not self.diverges and math.isinf(self.trace)

    def power_sum(self, power: Any) -> float:
        r"""Return :math:`\sum_k\lambda_k^p` over all modes for p > 0; inf when it diverges.

        A power law is summed by the Hurwitz zeta function, whatever its length, to the nearest
        float or the one beside it.

        Raises
        ------
        InputError
            If the power is not a positive number.

        Examples
        --------
        >>> from sgdmem import Spectrum
        >>> Spectrum.power_law(1.01).power_sum(1)
        100.577943338497
        """
        return self._members.sum(positive_float(power, "power"))

    def __copy__(self) -> Self:
        return self  # immutable

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __len__(self) -> int:
        if self.law is None or self.law.count is None:
            return int(self.eigenvalues.size)  # an infinite law explains that it has no list
        return self.law.count

    def __bool__(self) -> bool:
        return True  # never empty; without this, an infinite law would be asked for its length

    def __repr__(self) -> str:
        maker = "Spectrum" if self.law is None else "Spectrum.power_law"
        decay = f".decayed({to_float(self.weight_decay):g})" if self.weight_decay else ""
        return f"{maker}({self._members.arguments}){decay}"

    def __str__(self) -> str:
        decay = f", weight decay {to_float(self.weight_decay):.6g}" if self.weight_decay else ""
        return f"{self._members}{decay}"
