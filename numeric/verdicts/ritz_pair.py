r"""Ritz values of the noise operator of samples, and the bounds of its radius that they prove.

In whitened coordinates (theory page "Finite data") the operator on symmetric matrices is

.. math:: \mathcal T(C)=\kappa\mathcal M(p\circ C),\qquad
    \mathcal M(N)=\sum_iw_iH_iNH_i-N,

with the products p > 0 of pairs of modes (`mode_pairs`). It maps positive semidefinite matrices to
such, and is similar to the symmetric :math:`A=\kappa\sqrt p\circ\mathcal M(\sqrt p\circ\cdot)`:
every Rayleigh quotient of A is a lower bound of the radius, and :math:`\mathcal T(C)\preceq\mu C`
for one positive definite C proves the upper bound :math:`\mu`.

Both take the images :math:`\mathcal M(N_a)` of a few matrices, and these do not depend on the
algorithm: with :math:`N=\sum_ac_aN_a` the quotient is :math:`c^TKc/c^TGc`,
:math:`K_{ab}=\langle N_a,\mathcal M(N_b)\rangle`, :math:`G_{ab}=\langle N_a,N_b/p\rangle`. What one
question found is remembered for the next (`RememberedImages`), which often needs no pass over the
data at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.definiteness import is_definite
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.problems.images import RememberedImages
from sgdmem.numeric.problems.samples import OPERATIONS

_INVARIANT = 1e-13  # of the largest Ritz value: a residual that is rounding
_POWERS = 8  # of the operator, in a bound
_DEPENDENT = 1e-10  # of G: directions that are combinations of others, to rounding
_SHARES = np.geomspace(0.3, 3e-9, 9)  # of the diagonal in the matrix that proves the upper bound
_ROOM = np.geomspace(1e-11, 1e-3, 9)  # relative; more is added to an upper bound until it is proved


class RitzPair:
    """The largest Ritz value of A in a growing space, and its vector.

    Attributes
    ----------
    value : float
    is_invariant : bool
        Whether A leaves the space as it is, to rounding.
    residual : float
        The norm of what A times the vector leaves, over the value, for a vector of norm 1.
    """

    def __init__(self, images: RememberedImages, products: Array) -> None:
        self.images, self.products = images, products
        self.matrices, self.covariances = (list(x) for x in images.remembered())
        self.gram, self.form = np.empty((0, 0)), np.empty((0, 0))
        self.passes = 0
        for count in range(1, len(self.matrices) + 1):
            self._append(count)
        self._solve()

    def extend(self) -> None:
        """Add what A makes of the Ritz vector to the space: one pass over the data."""
        new = self.products * self.covariance - self.value * self.matrix
        size = self._norm(new)
        for _ in range(2):  # in exact arithmetic it is orthogonal to the space already
            scaled = new / self.products
            inner = np.array([float(np.vdot(other, scaled)) for other in self.matrices])
            new = new - _combined(self.turn @ (self.turn.T @ inner), self.matrices)
        if not self._norm(new) > _INVARIANT * size:
            self.is_invariant = True
            return
        new /= np.linalg.norm(new)
        self.matrices.append(new)
        self.covariances.append(self.images.covariance(new))
        self.passes += 1
        self._append(len(self.matrices))
        self._solve()

    def _norm(self, matrix: Array) -> float:
        """Return the norm in the metric of G, in which A is symmetric."""
        return math.sqrt(float(np.vdot(matrix, matrix / self.products)))

    def remember(self) -> None:
        """Keep the Ritz vector for other questions, if it took passes to find."""
        if self.passes:
            self.images.remember(self.matrix)

    def _append(self, count: int) -> None:
        """Add a row and a column to both matrices."""
        last = self.matrices[count - 1]
        scaled, image = last / self.products, self.covariances[count - 1]
        every = self.matrices[:count]
        gram, form = np.empty((count, count)), np.empty((count, count))
        gram[:-1, :-1], form[:-1, :-1] = self.gram, self.form
        gram[-1] = gram[:, -1] = [float(np.vdot(other, scaled)) for other in every]
        form[-1] = form[:, -1] = [float(np.vdot(other, image)) for other in every]
        self.gram, self.form = gram, form

    def _solve(self) -> None:
        root = 1 / np.sqrt(np.diag(self.gram))
        values, vectors = np.linalg.eigh(self.gram * root * root[:, None])
        kept = values > _DEPENDENT * values[-1]
        self.turn = root[:, None] * vectors[:, kept] / np.sqrt(values[kept])
        _, inner = np.linalg.eigh(self.turn.T @ self.form @ self.turn)
        self.coefficients = self.turn @ inner[:, -1]
        self.matrix, self.covariance = (
            _combined(self.coefficients, x) for x in (self.matrices, self.covariances)
        )
        # N has the norm 1 in the metric of G only to rounding
        self.norm = float(np.vdot(self.matrix, self.matrix / self.products))
        self.value = float(np.vdot(self.matrix, self.covariance)) / self.norm
        rest = self.products * self.covariance - self.value * self.matrix
        square = float(np.vdot(rest, rest / self.products)) / self.norm
        self.residual = square**0.5 / self.value if self.value > 0 else np.inf
        dimension = len(self.products) * (len(self.products) + 1) // 2
        full = int(kept.sum()) >= dimension
        self.is_invariant = full or square == 0 or self.residual <= _INVARIANT

    @property
    def _error(self) -> float:
        """Of the covariance: rounding in those that it is made of, and in their combination."""
        combined = 1 + 2 * len(self.matrices) / OPERATIONS
        return self.images.rounding * combined * float(np.abs(self.coefficients).sum())

    def lower_bound(self) -> float:
        """Return the Rayleigh quotient less its error."""
        size = float(np.linalg.norm(self.matrix)) / self.norm
        terms = 2 * self.matrix.size * UNIT  # of the inner products
        error = size * (self._error + terms * float(np.linalg.norm(self.covariance)))
        return max(0.0, self.value - error - terms * abs(self.value))

    def upper_bound(self, error: float, base: Base | None = None) -> float:
        """Return the best bound that C = Ritz vector + share of a base proves.

        With products that err by a share, what is computed is the exact image of a C that errs by
        that share, entry by entry. Rows and columns are scaled so that the diagonal base is 1.
        """
        size, sign = len(self.products), 1.0 if np.trace(self.matrix) >= 0 else -1.0
        scale = np.sqrt(np.diag(self.products))
        both = scale * scale[:, None]
        C, TC = both * (sign * self.matrix / self.products), both * (sign * self.covariance)
        chosen = self._diagonal() if base is None else base
        B, TB = both * chosen.matrix, both * chosen.image
        weights = _SHARES * abs(float(np.trace(self.matrix))) / size

        def bound(place: int) -> float:
            D, TD = C + weights[place] * B, TC + weights[place] * TB
            try:
                inverse = np.linalg.inv(np.linalg.cholesky(D))
                return float(np.linalg.eigvalsh(inverse @ TD @ inverse.T)[-1])
            except np.linalg.LinAlgError:
                return np.inf

        place, best = _least(bound, len(weights))
        if not np.isfinite(best):
            return np.inf
        D, TD = C + weights[place] * B, TC + weights[place] * TB
        slack = (self._error + weights[place] * chosen.slack) * float(scale.max()) ** 2
        row = float(np.abs(D).sum(axis=1).max()) * (1 + 1e-6)  # more than the norm of errors of 1
        if not is_definite(D, (error + 4 * UNIT) * row):
            return np.inf
        best = max(best, 0.0)
        beyond = 4 * slack / float(np.linalg.eigvalsh(D)[0])  # all there is of a radius near 0
        for value in sorted([*(best * (1 + _ROOM)), best * (1 + _ROOM[0]) + beyond]):
            rounding = 4 * UNIT * (value * row + float(np.abs(TD).sum(axis=1).max()))
            if is_definite(value * D - TD, slack + rounding + value * error * row):
                return float(value)
        return np.inf

    def _diagonal(self) -> Base:
        """Return the diagonal whose image is that of the identity."""
        slack = self.images.rounding * len(self.products) ** 0.5
        return Base(np.diag(1 / np.diag(self.products)), self.images.of_identity, slack)

    def bounds_by_powers(self, error: float, level: float) -> Iterator[float]:
        r"""Return upper bounds with :math:`\sum_{j\le k}(\mathcal T/\theta)^j` of the diagonal.

        Where the leading matrix is singular, as of samples that fall into groups, nothing else
        tells that the other groups have a smaller radius. One pass each.
        """
        base = self._diagonal()
        last = base.image
        for _ in range(_POWERS):
            last = last / level
            inside = self.products * last
            image = self.images.covariance(inside)
            slack = base.slack + self.images.rounding * float(np.linalg.norm(inside))
            base = Base(base.matrix + last, base.image + image, slack)
            last = image
            yield self.upper_bound(error, base)


@dataclass(frozen=True)
class Base:
    """A positive definite matrix, what the operator makes of it, and a bound of the error."""

    matrix: Array
    image: Array
    slack: float


def _combined(coefficients: Array, matrices: Sequence[Array]) -> Array:
    """Return a sum of matrices with factors, without a copy of all of them."""
    return np.asarray(sum(c * part for c, part in zip(coefficients, matrices, strict=True)))


def _least(function: Callable[[int], float], count: int) -> tuple[int, float]:
    """Return where a function on 0, 1, ... that falls and then rises is least, and its value."""
    low, high = 0, count - 1
    known: dict[int, float] = {}

    def value(place: int) -> float:
        if place not in known:
            known[place] = function(place)
        return known[place]

    while low < high:
        middle = (low + high) // 2
        if value(middle) > value(middle + 1):
            low = middle + 1
        else:
            high = middle
    best = min(known, key=known.__getitem__) if known else low
    return best, value(best)
