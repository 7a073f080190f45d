"""The spectrum of a Hessian: a list of eigenvalues, or a power law of any length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.scalars import as_scalar, is_symbolic

MOST_EIGENVALUES = 10**7  # a longer power law is summed, never listed
_POWER_ERROR = 32 * 2.0**-53  # relative; libm's pow and the product with the scale


@dataclass(frozen=True)
class PowerLaw:
    """``scale * k**-exponent`` for k = 1 ... count; ``count`` is None for an infinite law."""

    exponent: float
    scale: float
    count: int | None


class Spectrum:
    """Positive eigenvalues with multiplicities, in the caller's order.

    Parameters
    ----------
    eigenvalues : sequence of shape (N,)
        Positive finite numbers: ints, `Fraction`, decimal strings and SymPy rationals are exact, a
        float is its exact binary value. Neither sorted nor merged.
    weights : sequence of shape (N,), optional
        Positive multiplicities, by default 1.

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
    >>> Spectrum([4, "0.1"]).trace
    4.1
    >>> Spectrum.power_law(2)
    Spectrum.power_law(2, count=infinite)
    """

    law: PowerLaw | None
    dropped: int

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
        for array in (mid, rad, multiplicities):
            array.flags.writeable = False
        self._listed = (mid, rad, multiplicities)
        self.law = None
        self.dropped = 0

    # Ways to make one ---------------------------------------------------------------------------

    @classmethod
    def power_law(cls, exponent: Any, scale: Any = 1.0, count: int | None = None) -> Spectrum:
        """Return ``scale * k**-exponent`` for k = 1 ... count; infinite when count is None.

        Parameters
        ----------
        exponent : number > 0
            At most 1 on an infinite spectrum means an infinite trace; `stability` says what
            follows.
        scale : number > 0
            The largest eigenvalue.
        count : int >= 1, optional
            Infinite when omitted.

        Raises
        ------
        InputError
            For a non-positive exponent or scale, or a count that is not an integer >= 1.

        Examples
        --------
        >>> Spectrum.power_law(2).trace  # pi^2 / 6
        1.6449340668482264
        """
        steepness, top = _positive(exponent, "exponent"), _positive(scale, "scale")
        if count is not None and (
            isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1
        ):
            raise InputError(f"count must be an integer >= 1 or None, got {count!r}")
        self = cls.__new__(cls)
        self.law = PowerLaw(float(steepness), float(top), None if count is None else int(count))
        self.dropped = 0
        return self

    @classmethod
    def from_features(cls, features: Any) -> Spectrum:
        """Return the eigenvalues of X^T X / n for a data matrix X of n rows.

        Computed as squared singular values. Singular values up to
        ``max(n, d) * eps * largest`` are zero up to the rounding error of the decomposition, and
        zero eigenvalues never move: both are dropped, and ``.dropped`` says how many.

        Parameters
        ----------
        features : array of shape (n, d)
            One sample a row; finite real numbers, not all zero.

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
        n, d = X.shape
        singular = np.linalg.svd(X, compute_uv=False)
        kept = singular[singular > max(n, d) * np.finfo(float).eps * singular.max()]
        self = cls(kept**2 / n)
        self.dropped = d - kept.size
        return self

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

        columns = load_columns(Path(path))
        try:
            return cls(*columns)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    def scaled(self, factor: Any) -> Spectrum:
        """Return the spectrum with every eigenvalue multiplied by ``factor`` > 0."""
        value = _positive(factor, "factor")
        if self.law is not None:
            return Spectrum.power_law(
                self.law.exponent, self.law.scale * float(value), self.law.count
            )
        ball = Ball(self.eigenvalues, self.radii) * Ball.exactly([value])[0]
        copy = Spectrum(ball.mid, self.weights)
        copy._listed = (copy.eigenvalues, ball.rad, copy.weights)
        copy.dropped = self.dropped
        return copy

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
        if self.law is not None:
            return self._law_list
        return self._listed

    @cached_property
    def _law_list(self) -> tuple[Array, Array, Array]:
        law = self.law
        assert law is not None
        if law.count is None or law.count > MOST_EIGENVALUES:
            raise InputError(f"{self!r} has too many eigenvalues to list them")
        mid = law.scale * np.arange(1.0, law.count + 1) ** -law.exponent
        listed = (mid, _POWER_ERROR * mid, np.ones(mid.size))
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

    def power_sum(self, power: float) -> float:
        r"""Return :math:`\sum_k\lambda_k^p` over all modes; inf when it diverges.

        A power law is summed by the Hurwitz zeta function, whatever its length, to a relative
        error below 1e-14.

        Examples
        --------
        >>> Spectrum.power_law(1.01).power_sum(1)
        100.577943338497
        """
        law = self.law
        if law is None:
            return math.fsum(self.weights * self.eigenvalues**power)
        from flint import arb, ctx

        saved, ctx.prec = ctx.prec, 128
        try:
            exponent = arb(law.exponent) * arb(power)
            if law.count is None and not exponent > 1:
                return math.inf
            total = exponent.zeta(1) if exponent > 1 else arb(0)
            if law.count is not None:
                total = _finite_zeta(exponent, law.count)
            return float((arb(law.scale) ** arb(power) * total).mid())
        finally:
            ctx.prec = saved

    def __len__(self) -> int:
        return int(self.eigenvalues.size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spectrum):
            return NotImplemented
        if self.law is not None or other.law is not None:
            return self.law == other.law
        pairs = zip(self._listed, other._listed, strict=True)
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)

    def __hash__(self) -> int:
        return hash(self.law if self.law is not None else self.eigenvalues.tobytes())

    def __repr__(self) -> str:
        law = self.law
        if law is not None:
            scale = "" if law.scale == 1 else f", scale={law.scale:g}"
            count = "infinite" if law.count is None else law.count
            return f"Spectrum.power_law({law.exponent:g}{scale}, count={count})"
        eigenvalues = self.eigenvalues
        if eigenvalues.size <= 4:
            return f"Spectrum([{', '.join(f'{value:g}' for value in eigenvalues)}])"
        low, high = eigenvalues.min(), eigenvalues.max()
        return f"Spectrum({eigenvalues.size} eigenvalues, {low:.3g} to {high:.3g})"


def read_features(features: Any) -> Array:
    """Validate a data matrix: two-dimensional, real, finite, not empty, not all zero."""
    try:
        X = np.asarray(features)
        if np.iscomplexobj(X):
            raise TypeError
        X = X.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError("features must be a matrix of real numbers") from None
    if X.ndim != 2 or X.size == 0:
        raise InputError(f"features must be a matrix, one sample a row, got shape {X.shape}")
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise InputError(f"features must be finite, but row {row}, column {column} is not")
    if not X.any():
        raise InputError("features must not be all zero")
    return X


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
        raise InputError(f"{name} must be positive, got {value}")
    return scalar  # type: ignore[no-any-return]


def _read_positive(values: Any, name: str) -> tuple[Array, Array]:
    """Return nearest floats and radii of a one-dimensional list of positive numbers."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
        array = values.astype(np.float64)
        exact = values.dtype.kind == "f" or bool((np.abs(values) < 2**53).all())
        if array.ndim != 1 or array.size == 0:
            raise InputError(f"{name} must be a list of numbers, got shape {array.shape}")
        bad = ~(np.isfinite(array) & (array > 0))
        if bad.any():
            index = int(bad.argmax())
            raise InputError(f"{name}[{index}] must be positive and finite, got {array[index]}")
        if exact:
            return array, np.zeros(array.size)
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise InputError(f"{name} must be a list of positive numbers, got {values!r}")
    if getattr(values, "ndim", 1) != 1:
        raise InputError(f"{name} must be a list of numbers, got shape {values.shape}")
    entries = [_positive(value, f"{name}[{i}]") for i, value in enumerate(values)]
    if not entries:
        raise InputError(f"{name} must not be empty")
    ball = Ball.exactly(entries)
    if not (np.isfinite(ball.mid) & (ball.mid > 0)).all():
        raise InputError(f"{name} must lie within the range of floating-point numbers")
    return ball.mid.copy(), ball.rad.copy()
