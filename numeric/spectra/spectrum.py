"""The spectrum of a Hessian: a list of eigenvalues, or a power law of any length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import number, positive, positive_float
from sgdmem.numeric.spectra.eigenvalue_list import EigenvalueList
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.spectra.power_law_quadrature import LongLaw
from sgdmem.numeric.spectra.quadrature import LongSpectrum
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    from sgdmem.numeric.spectra.compressed import CompressedSpectrum

MOST_EIGENVALUES = 10**7  # a longer power law is summed, never listed
_LONGEST_SUM = 4096  # term by term
_NONE = Fraction(0)
_LARGEST_DECAY = Fraction(10) ** 100


@dataclass(frozen=True, init=False, repr=False)
class Spectrum:
    """Positive eigenvalues with multiplicities, in the caller's order; immutable.

    Parameters
    ----------
    eigenvalues : sequence of shape (N,)
        Positive finite numbers: ints, `Fraction`, decimal strings and SymPy rationals are exact, a
        float is its exact binary value, and an interval of mpmath or FLINT, to a relative 1e-9,
        holds in verdicts for all its numbers. Neither sorted nor merged. A dictionary gives
        multiplicities, as SymPy's ``eigenvals`` does.
    weights : sequence of shape (N,), optional
        Multiplicities, by default 1; rounded to the nearest floats. Entries of weight 0, the empty
        bins of a histogram, are left out.
    positive_part : bool
        Whether eigenvalues that are not positive are left out. Zero ones never move; along negative
        ones every method with a positive learning rate leaves, so that a verdict on the rest says
        nothing of them.

    Attributes
    ----------
    eigenvalues, radii, weights : ndarray, shape (N,)
        Nearest floats, distances from the exact values, multiplicities. Not available for an
        infinite power law.
    law : PowerLaw or None
        Set when the spectrum is a power law.
    dropped, dropped_modes : int, float
        How many entries were left out, and their weight.
    weight_decay : Fraction
        Of a problem: every eigenvalue of the drift is larger by that, which no noise belongs to.
    is_held : bool
        Whether the smallest eigenvalues are not left to themselves: there is weight decay, or the
        method shrinks w.

    Raises
    ------
    InputError
        For an empty list, wrong shapes, or a number that is not positive and finite.

    Examples
    --------
    >>> Spectrum([4, "0.1"], weights=[1, 2]).trace
    4.2
    >>> Spectrum({4: 1, 1: 2})
    Spectrum([4, 1], weights=[1, 2])
    >>> print(Spectrum([3, 1e-17, -2e-17], positive_part=True))
    eigenvalues [3, 1e-17]; 1 more left out, 1 modes
    >>> Spectrum.power_law(2)
    Spectrum.power_law(2)
    """

    _members: EigenvalueList | PowerLaw
    weight_decay: Fraction
    is_held: bool

    def __init__(
        self, eigenvalues: Any, weights: Any = None, *, positive_part: bool = False
    ) -> None:
        self._set(EigenvalueList.read(eigenvalues, weights, positive_part))

    def _set(
        self, members: EigenvalueList | PowerLaw, weight_decay: Any = _NONE, is_held: bool = False
    ) -> Spectrum:
        vars(self).update(  # frozen
            _members=members, weight_decay=weight_decay, is_held=is_held or weight_decay > 0
        )
        return self

    def _with(self, members: EigenvalueList | PowerLaw) -> Spectrum:
        return Spectrum.__new__(Spectrum)._set(members, self.weight_decay, self.is_held)

    # Ways to make one ---------------------------------------------------------------------------

    @classmethod
    def power_law(cls, exponent: Any, scale: Any = 1.0, count: int | None = None) -> Spectrum:
        """Return ``scale * k**-exponent`` for k = 1 ... count; infinite when count is None.

        Parameters
        ----------
        exponent : number > 0
            At most 1 on an infinite spectrum means an infinite trace; `stability` says what
            follows. Rounded to the nearest float.
        scale : number > 0
            The largest eigenvalue, rounded to the nearest float.
        count : int from 1 to 10**18, optional
            Infinite when omitted. The law stays a law, however long: its eigenvalues are listed
            only when asked for, up to 10**7 of them.

        Raises
        ------
        InputError
            For a non-positive exponent or scale, or a count that is not an integer in that range.

        Examples
        --------
        >>> Spectrum.power_law(2).trace  # pi^2 / 6
        1.6449340668482264
        """
        return cls.__new__(cls)._set(PowerLaw.read(exponent, scale, count))

    @classmethod
    def density(
        cls, eigenvalues: Any, weights: Any, modes: Any, *, positive_part: bool = False
    ) -> Spectrum:
        """Return the spectrum of a density: a histogram, a grid, or stochastic Lanczos.

        Zero and slightly negative eigenvalues, down to -1e-3 of the largest, are what smoothing and
        rounding make of zero; they are left out, and ``dropped_modes`` says how much they weigh.

        Parameters
        ----------
        eigenvalues, weights : arrays of one shape
            Nodes and their shares, up to a common factor; several runs as the rows of a matrix, as
            PyHessian's ``density`` returns them.
        modes : number > 0
            How many eigenvalues there are in all, the parameters of the model.
        positive_part : bool
            Whether eigenvalues of negative curvature are left out too.

        Raises
        ------
        InputError
            For other arrays, and for negative curvature.

        Examples
        --------
        >>> density = Spectrum.density([[2, -1e-5], [1, 0]], [[0.5, 0.5], [0.25, 0.75]], 8)
        >>> print(density)
        eigenvalues [2, 1], 3 modes; 2 more left out, 5 modes
        """
        return cls.__new__(cls)._set(
            EigenvalueList.density(eigenvalues, weights, modes, positive_part)
        )

    @classmethod
    def load(cls, path: Any, *, positive_part: bool = False) -> Spectrum:
        """Read eigenvalues (and multiplicities) from a .npy, .npz, .csv, .tsv or .txt file.

        See `sgdmem.numeric.spectra.files` for the formats and the size limit.

        Raises
        ------
        InputError
            Naming the file, when it cannot be read or holds anything but positive numbers.
        """
        from sgdmem.numeric.spectra.files import load_columns

        columns = load_columns(path)
        try:
            return cls(*columns, positive_part=positive_part)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    def save(self, path: Any) -> None:
        """Write eigenvalues and multiplicities as text that `load` reads back (.csv).

        Raises
        ------
        InputError
            For a law too long to list.
        """
        from sgdmem.numeric.spectra.files import save_columns

        save_columns(path, self.eigenvalues, self.weights)

    def scaled(self, factor: Any) -> Spectrum:
        """Return the spectrum with every eigenvalue multiplied by ``factor`` > 0.

        Raises
        ------
        InputError
            If an eigenvalue would leave the range of floating-point numbers.
        """
        found = self._with(self._members.scaled(factor))
        found = found.decayed(self.weight_decay * positive(factor, "factor"))
        return found.held() if self.is_held else found

    def decayed(self, weight_decay: Any) -> Spectrum:
        """Return the spectrum of a problem with weight decay, see `Problem`.

        Raises
        ------
        InputError
            If it is not a number from 0 to 1e100.

        Examples
        --------
        >>> print(Spectrum([4, 1]).decayed("0.1"))
        eigenvalues [4, 1], weight decay 0.1
        """
        decay = number(weight_decay, "weight_decay")
        if not 0 <= decay <= _LARGEST_DECAY:
            raise InputError(
                f"weight_decay must be a number from 0 to 1e100, got {shown(weight_decay)}"
            )
        return Spectrum.__new__(Spectrum)._set(self._members, decay)

    def held(self) -> Spectrum:
        """Return the spectrum as one for a method that shrinks w."""
        return Spectrum.__new__(Spectrum)._set(self._members, self.weight_decay, True)

    # What it holds ------------------------------------------------------------------------------

    @property
    def law(self) -> PowerLaw | None:
        """The power law that it is, or None."""
        return self._members if isinstance(self._members, PowerLaw) else None

    def listed(self) -> Spectrum:
        """Return the spectrum as a list of eigenvalues; InputError for a law too long to list."""
        return self if self.law is None else self._with(self._list)

    @property
    def is_infinite(self) -> bool:
        """Whether it is an infinite power law."""
        return self.law is not None and self.law.count is None

    @cached_property
    def long(self) -> LongSpectrum | None:
        """What it is summed by if it has more than 4096 eigenvalues; otherwise None."""
        if self.law is not None and (self.law.count is None or self.law.count > _LONGEST_SUM):
            return LongLaw(
                self.law, power=1 if not self.is_held or math.isfinite(self.trace) else 2
            )
        if self.law is None and self.eigenvalues.size > _LONGEST_SUM:
            from sgdmem.numeric.spectra.list_quadrature import LongList

            return LongList(Ball(self.eigenvalues, self.radii), self.weights)
        return None

    def compress(self, relative_error: Any = 1e-12) -> CompressedSpectrum:
        """Return a few nodes with positive weights that stand for it in sums over the spectrum.

        Parameters
        ----------
        relative_error : number from 1e-12 to 0.1
            Of sums of the noise summand of any algorithm whose poles keep away from the spectrum;
            `CompressedSpectrum` says how far, and
            `sgdmem.numeric.noise_sums.noise_sum.compressed_noise_sum` proves a bound for each one.

        Raises
        ------
        InputError
            For another relative error, or a power law that has an infinite trace or leaves the
            range of floats.

        Examples
        --------
        >>> compressed = Spectrum.power_law(1.5).compress()
        >>> len(compressed)
        76
        >>> float((compressed.weights * compressed.nodes).sum())  # zeta(1.5)
        2.612375348685488
        """
        from sgdmem.numeric.spectra.compression import compress

        error = positive_float(relative_error, "relative_error")
        self._refuse_decay()
        if self.is_infinite and math.isinf(self.trace):
            raise InputError(f"{self!r} has an infinite trace: sums over it do not exist")
        return compress(self._members, self.trace, error)

    @cached_property
    def compressed(self) -> CompressedSpectrum:
        """What maps use in its place, as sharp as rounding allows; without a sum, a cover.

        Made once; of a spectrum without weight decay.
        """
        from sgdmem.numeric.spectra.compression import compress_within, cover_law

        self._refuse_decay()
        if self.law is not None and self.diverges:
            return cover_law(self.law)
        return compress_within(self._members)

    @cached_property
    def finely_compressed(self) -> CompressedSpectrum:
        """The same with more eigenvalues left as they are, for what `compressed` leaves open."""
        from sgdmem.numeric.spectra.compression import KEPT_FINELY, compress_within

        if self.law is not None and self.diverges:
            return self.compressed
        return compress_within(self._members, kept=KEPT_FINELY)

    @cached_property
    def deeply_compressed(self) -> CompressedSpectrum:
        """The same with panels down to tiny eigenvalues, for poles close to 0."""
        from sgdmem.numeric.spectra.compression import LAST_DEEPLY, compress_within

        if self.law is not None and self.diverges:
            return self.compressed
        return compress_within(self._members, last=LAST_DEEPLY)

    def _refuse_decay(self) -> None:
        if self.is_held:
            raise InputError("nodes stand for a spectrum without weight decay only")

    @property
    def is_long_law(self) -> bool:
        """Whether it is a power law that is summed by a rule instead of term by term."""
        return self.law is not None and self.long is not None

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
        >>> Spectrum.power_law(1.01).power_sum(1)
        100.577943338497
        """
        return self._members.sum(positive_float(power, "power"))

    def __copy__(self) -> Spectrum:
        return self  # immutable

    def __deepcopy__(self, memo: object) -> Spectrum:
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


def require_spectrum(value: object) -> None:
    """Raise InputError if an argument is not a `Spectrum`."""
    if not isinstance(value, Spectrum):
        raise InputError(
            "spectrum must be a Spectrum, such as Spectrum([4, 1]) of eigenvalues; for a matrix of "
            f"data Problem.from_data, for a Hessian Problem.from_hessian; got {shown(value)}"
        )
