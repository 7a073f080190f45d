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

Of many samples a preview is asked where to look (`CorrectedPreview`): a pass over the heaviest
ones, which mostly make up the leading matrix, costs little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.definiteness import is_definite
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.problems.images import Known, Preview, RememberedImages
from sgdmem.numeric.problems.samples import OPERATIONS
from sgdmem.numeric.sampled_noise.corrected_preview import CorrectedPreview

_INVARIANT = 1e-13  # of the largest Ritz value: a residual that is rounding
_POWERS = 8  # of the operator, in a bound
_FINEST, _USEFUL = (
    1e-12,
    0.3,
)  # residuals, and part of the last one, above which previews are no use
_USUAL, _FINE = 3, 1e-6  # passes that a question takes, and residual at the end
_GAIN = 1e-4  # part of the residual to which a preview is followed: no pass gains more
_TOGETHER = 2**21  # entries of matrices that are copied at once
_DEPENDENT = 1e-10  # of G: directions that are combinations of others, to rounding
_SHARES = np.geomspace(0.3, 3e-14, 14)  # of the diagonal in the matrix that proves the upper bound
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
    error : float
        About how far the radius is above the value, over it: the squared residual over the distance
        to the next Ritz value.
    """

    def __init__(self, images: RememberedImages | CorrectedPreview, products: Array) -> None:
        self.images, self.products = images, products
        self.known = images.remembered()
        self.found: Known | None = None
        self.before = np.inf
        flat, weights = self.known.matrices.reshape(len(self.known.matrices), -1), 1 / products
        some = max(1, _TOGETHER // products.size)
        parts = [flat[k : k + some] * weights.ravel() for k in range(0, len(flat), some)]
        self.gram = np.concatenate([part @ flat.T for part in parts])
        self.form = self.known.form
        self._solve()

    @property
    def passes(self) -> int:
        """How many were made for this question."""
        return 0 if self.found is None else len(self.found.matrices)

    @property
    def _parts(self) -> list[Known]:
        return [self.known] if self.found is None else [self.known, self.found]

    def _inner(self, other: Array) -> Array:
        """Return the inner products of all matrices of the space with another one."""
        every = [part.matrices.reshape(len(part.matrices), -1) for part in self._parts]
        return np.concatenate([flat @ other.ravel() for flat in every])

    def _combined(self, coefficients: Array, name: str) -> Array:
        """Return a sum with factors of the matrices of the space, or of their images."""
        found, first = np.zeros(self.products.shape), 0
        for part in self._parts:
            stack = getattr(part, name)
            some = coefficients[first : first + len(stack)]
            found += (some @ stack.reshape(len(stack), -1)).reshape(found.shape)
            first += len(stack)
        return found

    def extend(self) -> None:
        """Add what A makes of the Ritz vector to the space: one pass over the data.

        Of many samples it is of the leading matrix that a preview sees, while that helps.
        """
        for direction in self._directions():
            size, new = self._norm(direction), direction
            for _ in range(2):  # in exact arithmetic a residual is orthogonal to the space already
                inner = self._inner(new / self.products)
                new = new - self._combined(self.turn @ (self.turn.T @ inner), "matrices")
            if self._norm(new) > _INVARIANT * size:
                break
        else:
            self.is_invariant = True
            return
        new /= np.abs(new).max()  # squares of small entries would be 0
        new /= np.linalg.norm(new)
        image = self.images.covariance(new)  # may be interrupted
        own = Known.of(new, image, self.images.preview)
        self.found = own if self.found is None else self.found.joined(own)
        self.gram = _bordered(self.gram, self._inner(new / self.products))
        self.form = _bordered(self.form, self._inner(image))
        self.before = self.residual
        self._solve()

    def passes_left(self) -> int:
        """Return about how many passes it may take, at the rate at which the residual fell."""
        if not self.passes or not np.isfinite(self.residual / self.before):
            return _USUAL  # without noise, to rounding, there is no residual either
        fall = min(max(self.residual / self.before, 1e-3), 0.7)
        left = math.log(max(self.residual, _FINE) / _FINE) / -math.log(fall)
        return max(1, math.ceil(left))

    def _directions(self) -> Iterator[Array]:
        preview = self.images.preview
        slow = self.passes > 0 and self.residual > _USEFUL * self.before
        if preview is not None and self.residual > _FINEST and not slow:
            near = self._seen_from_near(preview)
            if near.passes:
                yield near.matrix
        yield self.products * self.covariance - self.value * self.matrix

    def _seen_from_near(self, preview: Preview) -> RitzPair:
        """Return the pair to which the preview leads, corrected by what is known."""
        missed = self._combined(self.coefficients, "missed")
        own = Known(self.matrix[None], self.covariance[None], missed[None], np.empty((1, 1)))
        near = RitzPair(CorrectedPreview(preview, own, self._parts[-1]), self.products)
        wanted, most = max(_FINE / 100, _GAIN * min(1.0, self.residual)), preview.most_steps
        while not (near.residual <= wanted or near.is_invariant or near.passes >= most):
            near.extend()
        return near

    def _norm(self, matrix: Array) -> float:
        """Return the norm in the metric of G, in which A is symmetric."""
        return math.sqrt(float(np.vdot(matrix, matrix / self.products)))

    def remember(self) -> None:
        """Keep what passes found for other questions."""
        if self.found is not None and isinstance(self.images, RememberedImages):
            self.images.remember(self.found)

    def _solve(self) -> None:
        root = 1 / np.sqrt(np.diag(self.gram))
        values, vectors = np.linalg.eigh(self.gram * root * root[:, None])
        kept = values > _DEPENDENT * values[-1]
        self.turn = root[:, None] * vectors[:, kept] / np.sqrt(values[kept])
        ritz_values, inner = np.linalg.eigh(self.turn.T @ self.form @ self.turn)
        self.coefficients = self.turn @ inner[:, -1]
        self.matrix, self.covariance = (
            self._combined(self.coefficients, name) for name in ("matrices", "images")
        )
        # N has the norm 1 in the metric of G only to rounding
        self.norm = float(np.vdot(self.matrix, self.matrix / self.products))
        self.value = float(np.vdot(self.matrix, self.covariance)) / self.norm
        rest = self.products * self.covariance - self.value * self.matrix
        square = float(np.vdot(rest, rest / self.products)) / self.norm
        self.residual = square**0.5 / self.value if self.value > 0 else np.inf
        gap = 1 - ritz_values[-2] / self.value if len(ritz_values) > 1 and self.value > 0 else 0.0
        self.error = self.residual * min(1.0, self.residual / gap if gap > 0 else 1.0)
        dimension = len(self.products) * (len(self.products) + 1) // 2
        full = int(kept.sum()) >= dimension
        self.is_invariant = full or square == 0 or self.residual <= _INVARIANT

    @property
    def _error(self) -> float:
        """Of the covariance: rounding in those that it is made of, and in their combination."""
        combined = 1 + 2 * len(self.coefficients) / OPERATIONS
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
        most = 2 * float(np.abs(C).sum(axis=1).max())  # for what is not definite: rounding alone
        weights = np.append(most, _SHARES * abs(float(np.trace(self.matrix))) / size)

        def parts(place: int) -> tuple[Array, Array, float, float]:
            """Return C, its image, the error of that, and a bound of the norm of C's, over it."""
            D, TD = C + weights[place] * B, TC + weights[place] * TB
            slack = (self._error + weights[place] * chosen.slack) * float(scale.max()) ** 2
            return D, TD, slack, float(np.abs(D).sum(axis=1).max()) * (1 + 1e-6)

        def bound(place: int) -> float:
            D, TD, slack, row = parts(place)
            TD[np.diag_indices(size)] += slack + error * row * self.value
            try:
                inverse = np.linalg.inv(np.linalg.cholesky(D))
                return float(np.linalg.eigvalsh(inverse @ TD @ inverse.T)[-1])
            except np.linalg.LinAlgError:
                return np.inf

        place, best = _least(bound, len(weights))
        if not np.isfinite(best):
            return np.inf
        D, TD, slack, row = parts(place)
        if not is_definite(D, (error + 4 * UNIT) * row):
            return np.inf
        for value in max(best, 0.0) * (1 + _ROOM):
            rounding = 4 * UNIT * (value * row + float(np.abs(TD).sum(axis=1).max()))
            if is_definite(value * D - TD, slack + rounding + value * error * row):
                return float(value)
        return np.inf

    def _diagonal(self) -> Base:
        """Return the diagonal whose image is that of the identity."""
        assert isinstance(self.images, RememberedImages)  # previews prove nothing
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


def _bordered(matrix: Array, row: Array) -> Array:
    """Return a symmetric matrix with one more row and column."""
    return np.block([[matrix, row[:-1, None]], [row[None]]])


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
