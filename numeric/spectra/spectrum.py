"""The spectrum of a Hessian: a list of eigenvalues, or a power law of any length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.spectra.eigenvalue_list import EigenvalueList
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.spectra.power_law_quadrature import LongLaw
from sgdmem.numeric.spectra.quadrature import LongSpectrum
from sgdmem.numeric.spectra.spectrum_values import SpectrumValues
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    from sgdmem.numeric.spectra.compressed import CompressedSpectrum

_LONGEST_SUM = 4096  # term by term


@dataclass(frozen=True, init=False, repr=False)
class Spectrum(SpectrumValues):
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

    def __init__(
        self, eigenvalues: Any, weights: Any = None, *, positive_part: bool = False
    ) -> None:
        members = EigenvalueList.read(eigenvalues, weights, positive_part)
        vars(self).update(vars(self._of(members)))  # frozen

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
        return cls._of(PowerLaw.read(exponent, scale, count))

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
        return cls._of(EigenvalueList.density(eigenvalues, weights, modes, positive_part))

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

        Made once. The eigenvalues are those without weight decay, which is a matter of the summand.
        """
        from sgdmem.numeric.spectra.compression import compress_within, cover_law, squares_of_law

        if self.law is not None and self.diverges:
            return cover_law(self.law)
        if self.law is not None and self.has_squares_alone:
            return squares_of_law(self.law)
        return compress_within(self._members)

    @cached_property
    def finely_compressed(self) -> CompressedSpectrum:
        """The same with more eigenvalues left as they are, for what `compressed` leaves open."""
        from sgdmem.numeric.spectra.compression import KEPT_FINELY, compress_within

        if self.diverges or self.has_squares_alone:
            return self.compressed
        return compress_within(self._members, kept=KEPT_FINELY)

    @cached_property
    def deeply_compressed(self) -> CompressedSpectrum:
        """The same with panels down to tiny eigenvalues, for poles close to 0."""
        from sgdmem.numeric.spectra.compression import LAST_DEEPLY, compress_within

        if self.diverges or self.has_squares_alone:
            return self.compressed
        return compress_within(self._members, last=LAST_DEEPLY)

    def _refuse_decay(self) -> None:
        if self.is_held:
            raise InputError("nodes stand for a spectrum without weight decay only")

    @property
    def is_long_law(self) -> bool:
        """Whether it is a power law that is summed by a rule instead of term by term."""
        return self.law is not None and self.long is not None


def require_spectrum(value: object) -> None:
    """Raise InputError if an argument is not a `Spectrum`."""
    if not isinstance(value, Spectrum):
        raise InputError(
            "spectrum must be a Spectrum, such as Spectrum([4, 1]) of eigenvalues; for a matrix of "
            f"data Problem.from_data, for a Hessian Problem.from_hessian; got {shown(value)}"
        )
