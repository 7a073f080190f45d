"""Eigenvalues one by one, with their multiplicities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import list_entries, read_list, read_reals, read_vector
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import enclosure, number, positive, positive_float
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError

_SHOWN = 4  # eigenvalues of a list that is shown in full
_WIDEST = 1e-9  # interval that stands for one eigenvalue, relative to it
_FEW = 10**5  # eigenvalues that are kept as fractions where floats do not hold them
_BLUR = 1e-3  # of the largest eigenvalue, what smoothing a density makes of zero


@dataclass(frozen=True, eq=False)
class EigenvalueList:
    """Positive eigenvalues in the caller's order.

    Attributes
    ----------
    eigenvalues, radii, weights : ndarray, shape (N,)
        Nearest floats, bounds on their distances from the exact values, multiplicities; read-only.
    given : mapping of int to Fraction
        The exact values of those that are rational and no floats, by their places.
    dropped, dropped_modes
        How many entries were left out, and how many modes they are, multiplicities included.
    given_weights : mapping of int to Fraction
        The exact values of multiplicities that are no floats, by their places.

    Examples
    --------
    >>> print(EigenvalueList.read([4, "0.1"], [1, 2]))
    eigenvalues [4, 0.1], 3 modes
    """

    eigenvalues: Array
    radii: Array
    weights: Array
    given: Mapping[int, Fraction] = field(default_factory=dict, repr=False)
    dropped: int = 0
    dropped_modes: float = 0.0
    given_weights: Mapping[int, Fraction] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for array in (self.eigenvalues, self.radii, self.weights):
            array.flags.writeable = False

    @classmethod
    def read(
        cls, eigenvalues: Any, weights: Any = None, positive_part: bool = False
    ) -> EigenvalueList:
        """Return what a caller gives as numbers of any kind; InputError if it is no such list.

        Weights of zero are left out, and with ``positive_part`` eigenvalues that are not positive.
        """
        if isinstance(eigenvalues, Mapping):
            if weights is not None:
                raise InputError("eigenvalues must be a list where weights are given")
            eigenvalues, weights = list(eigenvalues), list(eigenvalues.values())
        ball = read_list(eigenvalues, "eigenvalues", enclosure)
        if ball.mid.size == 0:
            raise InputError("eigenvalues must not be empty")
        counts = np.ones(ball.mid.size) if weights is None else read_vector(weights, "weights")
        if counts.shape != ball.mid.shape:
            raise InputError(
                f"weights must have one entry for each of the {ball.mid.size} eigenvalues, "
                f"got {counts.size}"
            )
        if (counts < 0).any():
            index = int((counts < 0).argmax())
            raise InputError(f"weights[{index}] must not be negative, got {counts[index]:g}")
        entries = list_entries(eigenvalues, "eigenvalues")
        known = {i: enclosure(entries[i], "eigenvalues") for i in np.flatnonzero(ball.rad).tolist()}
        given = {i: middle for i, (middle, radius) in known.items() if not radius}
        parts = ball.mid, ball.rad, counts, given
        found = cls(*parts, given_weights=_rounded(weights, counts))._positive(positive_part)
        wide = found.radii > _WIDEST * found.eigenvalues
        if wide.any():  # searches and losses take the middle
            index = int(wide.argmax())
            raise InputError(
                f"eigenvalues must be known to a relative {_WIDEST:g}, but one is "
                f"{found.eigenvalues[index]:.6g} +- {found.radii[index]:.1g}; "
                "sgdmem.proofs.robust_stability takes intervals"
            )
        return found

    @classmethod
    def density(
        cls, eigenvalues: Any, weights: Any, modes: Any, positive_part: bool
    ) -> EigenvalueList:
        """Return what a density stands for, see `Spectrum.density`."""
        nodes, shares = read_reals(eigenvalues, "eigenvalues"), read_reals(weights, "weights")
        if nodes.shape != shares.shape or nodes.size == 0:
            raise InputError(
                f"eigenvalues and weights must be arrays of one shape, not empty, "
                f"got {nodes.shape} and {shares.shape}"
            )
        if (shares < 0).any() or not shares.any():
            raise InputError("weights must be nonnegative and not all zero")
        nodes, shares = nodes.ravel(), shares.ravel() / shares.sum()
        blurred = (nodes <= 0) & (nodes >= -_BLUR * nodes.max())
        found = cls(nodes, np.zeros(nodes.size), shares * positive_float(modes, "modes"))
        return found._positive(positive_part, blurred)

    def _positive(self, positive_part: bool, zero: Any = False) -> EigenvalueList:
        """Return the modes that count, none of the ``zero`` ones; InputError if others are left."""
        good = self.eigenvalues > self.radii
        kept = (self.weights > 0) & ~np.asarray(zero)
        if positive_part:
            kept &= good
        elif not good[kept].all():
            index = int((kept & ~good).argmax())
            value = self.eigenvalues[index]
            why = "zero eigenvalues never move" if value == 0 else "negative curvature is unstable"
            raise InputError(
                f"eigenvalues[{index}] must be positive, got {value:g}: {why}, and to judge the "
                f"positive part alone is an option, positive_part"
            )
        if not kept.any():
            raise InputError("eigenvalues must hold a positive one, and of positive weight")
        left_out = int(self.eigenvalues.size - kept.sum())
        if not left_out:
            return self
        parts = (self.eigenvalues[kept], self.radii[kept], self.weights[kept])
        places = np.cumsum(kept) - 1
        given, given_weights = (
            {int(places[i]): value for i, value in values.items() if kept[i]}
            for values in (self.given, self.given_weights)
        )
        dropped_modes = float(self.weights[~kept].sum())
        return EigenvalueList(*parts, given, left_out, dropped_modes, given_weights)

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
            lost = int(np.flatnonzero(~np.isfinite(ball.rad) | (ball.mid == 0))[0])
            raise InputError(
                f"eigenvalue {self.eigenvalues[lost]:g} (number {lost + 1}), times "
                f"{to_float(exact):.3g}, leaves the range of floating-point numbers"
            )
        given = {i: exact * value for i, value in self.given.items()}
        if len(given) < _FEW:
            inexact = set(np.flatnonzero(ball.rad).tolist()) - given.keys()
            given |= {
                i: exact * Fraction(float(self.eigenvalues[i]))
                for i in inexact
                if not self.radii[i]
            }
        return replace(self, eigenvalues=ball.mid, radii=ball.rad, given=given)

    def exact(self) -> list[Fraction]:
        """Return the exact values.

        Raises
        ------
        InputError
            If one is known to lie in an interval only.

        Examples
        --------
        >>> EigenvalueList.read([4, "0.1"]).exact()
        [Fraction(4, 1), Fraction(1, 10)]
        """
        for i in np.flatnonzero(self.radii).tolist():
            if i not in self.given:
                raise InputError(
                    f"eigenvalues[{i}] must be a rational number, got {self.eigenvalues[i]:.6g} +- "
                    f"{self.radii[i]:.1g}"
                )
        return _given_or_float(self.given, self.eigenvalues)

    def exact_weights(self) -> list[Fraction]:
        """Return the multiplicities before they were rounded.

        Examples
        --------
        >>> EigenvalueList.read([4, 1], [2, "0.1"]).exact_weights()
        [Fraction(2, 1), Fraction(1, 10)]
        """
        return _given_or_float(self.given_weights, self.weights)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EigenvalueList):
            return NotImplemented
        return (
            np.array_equal(self.eigenvalues, other.eigenvalues)
            and np.array_equal(self.radii, other.radii)
            and np.array_equal(self.weights, other.weights)
        )

    @cached_property
    def _hash(self) -> int:
        return hash(self.eigenvalues.tobytes())

    def __hash__(self) -> int:
        return self._hash

    @property
    def arguments(self) -> str:
        """What `Spectrum` would be given for a short list; of a long one, what it is."""
        if self.eigenvalues.size > _SHOWN:
            return str(self)
        weights = f", weights={_short(self.weights)}" if (self.weights != 1).any() else ""
        return f"{_short(self.eigenvalues)}{weights}"

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        lam = self.eigenvalues
        modes = f", {self.modes:g} modes" if (self.weights != 1).any() else ""
        if self.dropped:
            modes += f"; {self.dropped} more left out, {self.dropped_modes:.3g} modes"
        if lam.size <= _SHOWN:
            return f"eigenvalues {_short(lam)}{modes}"
        return f"{lam.size} eigenvalues, {lam.min():.3g} to {lam.max():.3g}{modes}"


def _rounded(weights: Any, counts: Array) -> dict[int, Fraction]:
    """Return those multiplicities exactly that floats do not hold."""
    if weights is None:
        return {}
    entries = list_entries(weights, "weights")
    if isinstance(entries, np.ndarray) and (entries.dtype.kind == "f" or (entries < 2**53).all()):
        return {}
    exact = [number(value, f"weights[{i}]") for i, value in enumerate(entries)]
    return {i: x for i, x in enumerate(exact) if x != Fraction(float(counts[i]))}


def _given_or_float(given: Mapping[int, Fraction], floats: Array) -> list[Fraction]:
    return [given.get(i, Fraction(value)) for i, value in enumerate(floats.tolist())]


def _short(values: Array) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"
