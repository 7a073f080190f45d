"""The spectrum of a Hessian: a list of eigenvalues, or a power law of any length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.scalars import as_scalar, is_symbolic, to_float

MOST_EIGENVALUES = 10**7  # a longer power law is summed, never listed
LARGEST_COUNT = 10**18  # beyond, an infinite law is meant
_POWER_ERROR = 32 * 2.0**-53  # relative; libm's pow and the product with the scale
_UNDERFLOW = 2.0**-1072  # absolute, of a power or a product below the normal range


@dataclass(frozen=True)
class PowerLaw:
    """``scale * k**-exponent`` for k = 1 ... count; ``count`` is None for an infinite law."""

    exponent: float
    scale: float
    count: int | None


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
    Spectrum.power_law(2, count=infinite)
    """

    law: PowerLaw | None
    dropped: int
    _given: tuple[Array, Array, Array] | None  # of an explicit spectrum

    def __init__(self, eigenvalues: Any, weights: Any = None) -> None:
        mid, rad = _read_positive(eigenvalues, "eigenvalues")
        if weights is None:
            multiplicities = np.ones(mid.size)
        else:
            multiplicities, _ = _read_positive(weights, "weights")
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
        if count is not None and (
            isinstance(count, bool)
            or not isinstance(count, (int, np.integer))
            or not 1 <= count <= LARGEST_COUNT
        ):
            raise InputError(
                f"count must be an integer from 1 to 10**18, or None for an infinite spectrum, "
                f"got {count!r}"
            )
        law = PowerLaw(
            _positive_float(exponent, "exponent"),
            _positive_float(scale, "scale"),
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

        See `sgdmem.numeric.spectrum_files` for the formats and the size limit.

        Raises
        ------
        InputError
            Naming the file, when it cannot be read or holds anything but positive numbers.
        """
        from sgdmem.numeric.spectrum_files import load_columns

        columns = load_columns(path)
        try:
            return cls(*columns)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    def scaled(self, factor: Any) -> Spectrum:
        """Return the spectrum with every eigenvalue multiplied by ``factor`` > 0.

        Raises
        ------
        InputError
            If an eigenvalue would leave the range of floating-point numbers.
        """
        value = _positive(factor, "factor")
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

    @property
    def is_infinite(self) -> bool:
        """Whether it is an infinite power law."""
        return self.law is not None and self.law.count is None

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
        with np.errstate(under="ignore"):
            mid = law.scale * np.arange(1.0, law.count + 1) ** -law.exponent
        rad = _POWER_ERROR * mid + _UNDERFLOW * (1 + law.scale)
        listed = (mid, rad, np.ones(mid.size))
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
        exponent = _positive_float(power, "power")
        if self.law is not None:
            return _law_sum(self.law, exponent)
        with np.errstate(over="ignore", under="ignore"):
            terms = self.weights * self.eigenvalues**exponent
        try:
            return math.fsum(terms)
        except OverflowError:  # of the sum of finite terms
            return math.inf

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
            count = "infinite" if law.count is None else law.count
            return f"Spectrum.power_law({law.exponent:g}{scale}, count={count})"
        lam, weights = self.eigenvalues, self.weights
        weighted = bool((weights != 1).any())
        if lam.size <= 4:
            multiplicities = f", weights={_short(weights)}" if weighted else ""
            return f"Spectrum({_short(lam)}{multiplicities})"
        modes = f", {self.count:g} modes" if weighted else ""
        return f"Spectrum({lam.size} eigenvalues, {lam.min():.3g} to {lam.max():.3g}{modes})"


def _short(values: Array) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"


def read_features(features: Any) -> Array:
    """Validate a data matrix: two-dimensional, real, finite, not empty, not all zero."""
    try:
        X = np.asarray(features)
        if np.iscomplexobj(X):
            raise TypeError
        X = X.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError("features must be a (dense) matrix of real numbers") from None
    if X.ndim != 2 or X.size == 0:
        raise InputError(f"features must be a matrix, one sample a row, got shape {X.shape}")
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise InputError(f"features must be finite, but row {row}, column {column} is not")
    if not X.any():
        raise InputError("features must not be all zero")
    return X


def principal_axes(X: Array) -> tuple[Array, Array]:
    """Return the non-zero eigenvalues of X^T X / n, largest first, and unit vectors as rows."""
    n, d = X.shape
    # X and R share singular values and right vectors; R is small when there are many samples
    _, singular, directions = np.linalg.svd(np.linalg.qr(X, mode="r"), full_matrices=False)
    kept = singular > max(n, d) * np.finfo(float).eps * singular.max()
    with np.errstate(over="ignore", under="ignore"):
        return singular[kept] ** 2 / n, directions[kept]


def _law_sum(law: PowerLaw, power: float) -> float:
    from flint import arb, ctx

    precision = 128  # holds the product of two floats exactly, so that divergence is told exactly
    while True:
        with ctx.workprec(precision):
            exponent = arb(law.exponent) * arb(power)
            if law.count is None and not exponent > 1:
                return math.inf
            zeta = exponent.zeta(1) if law.count is None else _finite_zeta(exponent, law.count)
            total = arb(law.scale) ** arb(power) * zeta
            if total.rel_accuracy_bits() >= 64:
                return float(total)
        precision *= 2  # an exponent very close to 1 cancels digits


def _finite_zeta(exponent: Any, count: int) -> Any:
    """Return sum_(k<=count) k^-exponent as an arb."""
    from flint import arb

    direct = min(count, 1000)
    total = sum((arb(k) ** -exponent for k in range(1, direct + 1)), start=arb(0))
    if count > direct:
        # zeta(s, a) - zeta(s, b) also holds for s <= 1, by continuation, except at s = 1
        if exponent == 1:
            total += arb(count + 1).digamma() - arb(direct + 1).digamma()
        else:
            total += exponent.zeta(direct + 1) - exponent.zeta(count + 1)
    return total


def _positive(value: Any, name: str) -> Fraction:
    scalar = as_scalar(value, name)
    if is_symbolic(scalar):
        if scalar.free_symbols:
            raise InputError(f"{name} must be a number, got {scalar}")
        from sympy import Rational

        scalar = as_scalar(Rational(scalar.evalf(40)), name)
    if scalar <= 0:
        raise InputError(_not_positive(name, value))
    return scalar  # type: ignore[no-any-return]


def _positive_float(value: Any, name: str) -> float:
    number = to_float(_positive(value, name))
    if number == 0 or math.isinf(number):
        raise InputError(f"{name} must be within the range of floating-point numbers, got {value}")
    return number


def _not_positive(name: str, value: Any) -> str:
    advice = " (drop zero eigenvalues: they never move)" if value == 0 and "[" in name else ""
    return f"{name} must be positive and finite, got {value}{advice}"


def _read_positive(values: Any, name: str) -> tuple[Array, Array]:
    """Return nearest floats and radii of a one-dimensional list of positive numbers."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise InputError(f"{name} must be a list of positive numbers, got {values!r}")
    if hasattr(values, "__array__"):  # an array, or a Series or tensor
        values = np.asarray(values)
    else:
        values = list(values)
        if set(map(type, values)) == {float}:  # not through fractions, one by one
            values = np.array(values)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise InputError(f"{name} must be a list of numbers, got shape {values.shape}")
        if values.size and values.dtype.kind in "fiu":
            mid = values.astype(np.float64)
            bad = ~(np.isfinite(mid) & (mid > 0))
            if bad.any():
                index = int(bad.argmax())
                raise InputError(_not_positive(f"{name}[{index}]", values[index]))
            if values.dtype.kind == "f":
                return mid, _distances(values, mid)
            if (values < 2**53).all():
                return mid, np.zeros(mid.size)
    entries = [_positive(value, f"{name}[{i}]") for i, value in enumerate(values)]
    if not entries:
        raise InputError(f"{name} must not be empty")
    ball = Ball.exactly(entries)
    beyond = ~(np.isfinite(ball.mid) & (ball.mid > 0))
    if beyond.any():
        index = int(beyond.argmax())
        raise InputError(
            f"{name}[{index}] must be within the range of floating-point numbers, "
            f"got {values[index]}"
        )
    return ball.mid, ball.rad


def _distances(values: Array, mid: Array) -> Array:
    """Return upper bounds of |values - mid|, zero except for floats longer than 64 bits."""
    if values.dtype.itemsize <= 8:
        return np.zeros(mid.size)
    gap = np.abs(values - mid)  # exact: the bits that mid had no room for
    return np.where(gap > 0, np.nextafter(gap.astype(np.float64), np.inf), 0.0)
