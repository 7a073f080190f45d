"""The spectrum of a Hessian: a list of eigenvalues, or a power law of any length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import is_whole, positive, positive_float, positive_list
from sgdmem.numeric.spectra.data_matrix import principal_axes, read_features
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.spectra.quadrature import LongSpectrum
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    from sgdmem.numeric.spectra.compressed import CompressedSpectrum

MOST_EIGENVALUES = 10**7  # a longer power law is summed, never listed
LARGEST_COUNT = 10**18  # beyond, an infinite law is meant
_LONGEST_SUM = 4096  # term by term


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Spectrum:
    """Positive eigenvalues with multiplicities, in the caller's order; immutable.

    Parameters
    ----------
    eigenvalues : sequence of shape (N,)
        Positive finite numbers: ints, `Fraction`, decimal strings and SymPy rationals are exact, a
        float is its exact binary value. Neither sorted nor merged. Zero eigenvalues never move:
        drop them.
    weights : sequence of shape (N,), optional
        Positive multiplicities, by default 1; rounded to the nearest floats.

    Attributes
    ----------
    eigenvalues, radii, weights : ndarray, shape (N,)
        Nearest floats, distances from the exact values, multiplicities. Not available for an
        infinite power law.
    law : PowerLaw or None
        Set when the spectrum is a power law.
    dropped : int
        How many zero and round-off eigenvalues `from_features` left out.

    Raises
    ------
    InputError
        For an empty list, wrong shapes, or a number that is not positive and finite.

    Examples
    --------
    >>> Spectrum([4, "0.1"], weights=[1, 2]).trace
    4.2
    >>> Spectrum.power_law(2)
    Spectrum.power_law(2)
    """

    law: PowerLaw | None
    dropped: int
    _given: tuple[Array, Array, Array] | None  # of an explicit spectrum

    def __init__(self, eigenvalues: Any, weights: Any = None) -> None:
        mid, rad = positive_list(eigenvalues, "eigenvalues")
        if weights is None:
            multiplicities = np.ones(mid.size)
        else:
            multiplicities, _ = positive_list(weights, "weights")
        if multiplicities.shape != mid.shape:
            raise InputError(
                f"weights must have one entry for each of the {mid.size} eigenvalues, "
                f"got {multiplicities.size}"
            )
        self._set(None, 0, (mid, rad, multiplicities))

    def _set(
        self, law: PowerLaw | None, dropped: int, given: tuple[Array, Array, Array] | None
    ) -> Spectrum:
        for array in given or ():
            array.flags.writeable = False
        for name, value in {"law": law, "dropped": dropped, "_given": given}.items():
            object.__setattr__(self, name, value)  # frozen
        return self

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
        if count is not None and not (is_whole(count) and 1 <= count <= LARGEST_COUNT):
            raise InputError(
                f"count must be an integer from 1 to 10**18, or None for an infinite spectrum, "
                f"got {count!r}"
            )
        law = PowerLaw(
            positive_float(exponent, "exponent"),
            positive_float(scale, "scale"),
            None if count is None else int(count),
        )
        return cls.__new__(cls)._set(law, 0, None)

    @classmethod
    def from_features(cls, features: Any) -> Spectrum:
        """Return the eigenvalues of X^T X / n for a data matrix X of n rows.

        Computed as squared singular values. A singular value is only known up to a small multiple
        of ``max(n, d) * eps * largest``; one that does not exceed this bound cannot be told from
        zero (it is also NumPy's rule for the rank), and zero eigenvalues never move. Both are
        dropped, and ``.dropped`` says how many of the d are missing.

        Parameters
        ----------
        features : array of shape (n, d)
            One sample a row; finite real numbers, not all zero. Not centred here: the Hessian of
            least squares is the second moment, not the covariance.

        Raises
        ------
        InputError
            For any other input.

        Examples
        --------
        >>> spectrum = Spectrum.from_features([[1.0, 0, 0], [0, 2.0, 0]])
        >>> spectrum.eigenvalues, spectrum.dropped
        (array([2. , 0.5]), 1)
        """
        X = read_features(features)
        eigenvalues, _ = principal_axes(X)
        if not (np.isfinite(eigenvalues).all() and eigenvalues.all()):
            raise InputError(
                "features must have eigenvalues within the range of floating-point numbers"
            )
        dropped = X.shape[1] - eigenvalues.size
        return cls.__new__(cls)._set(None, dropped, cls(eigenvalues)._given)

    @classmethod
    def load(cls, path: Any) -> Spectrum:
        """Read eigenvalues (and multiplicities) from a .npy, .npz, .csv or .txt file.

        See `sgdmem.numeric.spectra.files` for the formats and the size limit.

        Raises
        ------
        InputError
            Naming the file, when it cannot be read or holds anything but positive numbers.
        """
        from sgdmem.numeric.spectra.files import load_columns

        columns = load_columns(path)
        try:
            return cls(*columns)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    def save(self, path: Any) -> None:
        """Write eigenvalues and multiplicities as text that `load` reads back (.csv).

        Raises
        ------
        InputError
            For a law too long to list.
        """
        rows = zip(self.eigenvalues, self.weights, strict=True)
        text = "".join(f"{lam!r},{weight!r}\n" for lam, weight in np.array([*rows]).tolist())
        Path(path).write_text(f"eigenvalue,weight\n{text}", encoding="utf-8")

    def scaled(self, factor: Any) -> Spectrum:
        """Return the spectrum with every eigenvalue multiplied by ``factor`` > 0.

        Raises
        ------
        InputError
            If an eigenvalue would leave the range of floating-point numbers.
        """
        value = positive(factor, "factor")
        if self.law is not None:
            # as a Fraction, so that leaving the range of floats is noticed
            top = Fraction(self.law.scale) * value
            return Spectrum.power_law(self.law.exponent, top, self.law.count)
        ball = Ball(self.eigenvalues, self.radii) * Ball.exactly([value])[0]
        if not (np.isfinite(ball.rad).all() and ball.mid.all()):
            raise InputError(
                f"factor must keep the eigenvalues in the range of floating-point numbers, "
                f"got {factor}"
            )
        given = (ball.mid, ball.rad, self.weights)
        return Spectrum.__new__(Spectrum)._set(None, self.dropped, given)

    # What it holds ------------------------------------------------------------------------------

    def listed(self) -> Spectrum:
        """Return the spectrum as a list of eigenvalues; InputError for a law too long to list."""
        if self.law is None:
            return self
        return Spectrum.__new__(Spectrum)._set(None, self.dropped, self._list())

    @property
    def is_infinite(self) -> bool:
        """Whether it is an infinite power law."""
        return self.law is not None and self.law.count is None

    @cached_property
    def long(self) -> LongSpectrum | None:
        """What it is summed by if it has more than 4096 eigenvalues; otherwise None."""
        if self.law is not None and (self.law.count is None or self.law.count > _LONGEST_SUM):
            from sgdmem.numeric.spectra.power_law_rule import LongLaw

            return LongLaw(self.law)
        if self.law is None and self.eigenvalues.size > _LONGEST_SUM:
            from sgdmem.numeric.spectra.list_rule import LongList

            return LongList(Ball(self.eigenvalues, self.radii), self.weights)
        return None

    def compress(self, relative_error: Any = 1e-12) -> CompressedSpectrum:
        """Return a few nodes with positive weights that stand for it in sums over the spectrum.

        Parameters
        ----------
        relative_error : number from 1e-12 to 0.1
            Of sums of the noise summand of any algorithm whose poles keep away from the spectrum;
            `CompressedSpectrum` says how far, and gives a proven bound for each algorithm.

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
        from sgdmem.numeric.spectra.compressed import compress

        return compress(self, positive_float(relative_error, "relative_error"))

    @cached_property
    def compressed(self) -> CompressedSpectrum:
        """What maps use in its place; made once."""
        from sgdmem.numeric.spectra.compressed import compress_for_maps

        return compress_for_maps(self)

    @property
    def is_long_law(self) -> bool:
        """Whether it is a power law that is summed by a rule instead of term by term."""
        return self.law is not None and self.long is not None

    @property
    def eigenvalues(self) -> Array:
        """The eigenvalues as floats; InputError for a law that is too long to list."""
        return self._list()[0]

    @property
    def radii(self) -> Array:
        """Bounds on the distance of ``eigenvalues`` from the exact values."""
        return self._list()[1]

    @property
    def weights(self) -> Array:
        """The multiplicities."""
        return self._list()[2]

    def _list(self) -> tuple[Array, Array, Array]:
        return self._law_list if self._given is None else self._given

    @cached_property
    def _law_list(self) -> tuple[Array, Array, Array]:
        law = self.law
        assert law is not None
        if law.count is None or law.count > MOST_EIGENVALUES:
            raise InputError(
                f"{self!r} has too many eigenvalues to list them (at most {MOST_EIGENVALUES:,})"
            )
        ball = law.eigenvalues(np.arange(1.0, law.count + 1))
        listed = (ball.mid, ball.rad, np.ones(law.count))
        for array in listed:
            array.flags.writeable = False
        return listed

    @cached_property
    def count(self) -> float:
        """Number of modes, multiplicities included; inf for an infinite law."""
        if self.law is not None:
            return math.inf if self.law.count is None else float(self.law.count)
        return float(self.weights.sum())

    @cached_property
    def largest(self) -> float:
        """The largest eigenvalue."""
        return self.law.scale if self.law is not None else float(self.eigenvalues.max())

    @cached_property
    def trace(self) -> float:
        """The sum of all eigenvalues; inf when it diverges."""
        return self.power_sum(1)

    @property
    def diverges(self) -> bool:
        """Whether it is an infinite power law without a trace, of exponent 1 or less."""
        return self.law is not None and math.isinf(self.trace)

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
        exponent = positive_float(power, "power")
        if self.law is not None:
            return self.law.sum(exponent)
        with np.errstate(over="ignore", under="ignore"):
            terms = self.weights * self.eigenvalues**exponent
        try:
            return math.fsum(terms)
        except OverflowError:  # of the sum of finite terms
            return math.inf

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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spectrum):
            return NotImplemented
        if self._given is None or other._given is None:
            return self.law == other.law
        return all(map(np.array_equal, self._given, other._given))

    def __hash__(self) -> int:
        return hash(self.law if self.law is not None else self.eigenvalues.tobytes())

    def __repr__(self) -> str:
        law = self.law
        if law is not None:
            scale = "" if law.scale == 1 else f", scale={law.scale:g}"
            count = "" if law.count is None else f", count={law.count}"
            return f"Spectrum.power_law({law.exponent:g}{scale}{count})"
        lam = self.eigenvalues
        if lam.size <= 4:
            weights = f", weights={_short(self.weights)}" if (self.weights != 1).any() else ""
            return f"Spectrum({_short(lam)}{weights})"
        return f"Spectrum({self})"

    def __str__(self) -> str:
        law = self.law
        if law is None:
            lam = self.eigenvalues
            modes = f", {self.count:g} modes" if (self.weights != 1).any() else ""
            if lam.size <= 4:
                return f"eigenvalues {_short(lam)}{modes}"
            return f"{lam.size} eigenvalues, {lam.min():.3g} to {lam.max():.3g}{modes}"
        scale = "" if law.scale == 1 else f"{law.scale:.4g} "
        many = "infinitely many" if law.count is None else f"{law.count}"
        return f"{many} eigenvalues {scale}k^-{law.exponent:.4g}"


def _short(values: Array) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"


def require_spectrum(value: object) -> None:
    """Raise InputError if an argument is not a `Spectrum`."""
    if not isinstance(value, Spectrum):
        raise InputError(f"spectrum must be a Spectrum, got {value!r}")
