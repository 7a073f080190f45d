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
from sgdmem.numeric.problems.images import Known, RememberedImages
from sgdmem.numeric.problems.previews import Preview
from sgdmem.numeric.problems.samples import OPERATIONS
from sgdmem.numeric.sampled_noise.corrected_preview import CorrectedPreview
from sgdmem.numeric.sampled_noise.shrunk_matrix import shrunk_matrix

_INVARIANT = 1e-13  # of the largest Ritz value: a residual that is rounding
_POWERS = 8  # of the operator, in a bound
_FINEST, _USEFUL = (
    1e-12,
    0.3,
)  # residuals, and part of the last one, above which previews are no use
_USUAL, _FINE = 3, 1e-6  # passes that a question takes, and residual at the end
_COARSE, _LOOKS = 2e-4, 4  # residual down to which passes in short floats look, so many at most
_GAIN = 0.1  # part of the residual to which a preview is followed: no pass gains more
_TOGETHER = 2**21  # entries of matrices that are copied at once
_DEPENDENT = 1e-10  # of G: directions that are combinations of others, to rounding
_LARGE = 256  # modes, from which a routine of LAPACK takes half as long as an inverse
_SHARES = np.geomspace(0.3, 3e-14, 27)  # of the diagonal in the matrix that proves the upper bound
_ROOM = np.geomspace(1e-11, 1e-3, 9)  # relative; more is added to an upper bound until it is proved


class RitzPair:
    """The largest Ritz value of A in a growing space, and its vector.

    Passes in short floats come first, as far as to a ``coarse`` residual, where there are such.

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

    def __init__(self, images: RememberedImages, products: Array, coarse: float = _COARSE) -> None:
        self.coarse = coarse
        self.images, self.products, self.weights = images, products, 1 / products
        self.known = images.remembered()
        self.found: Known | None = None
        self.before = np.inf
        flat = self.known.matrices.reshape(len(self.known.matrices), -1)
        some = max(1, _TOGETHER // products.size)
        parts = [flat[k : k + some] * self.weights.ravel() for k in range(0, len(flat), some)]
        gram = np.concatenate([part @ flat.T for part in parts])
        root = 1 / np.sqrt(np.diag(gram))
        values, vectors = np.linalg.eigh(gram * root * root[:, None])
        kept = values > _DEPENDENT * values[-1]
        # columns: combinations that are orthonormal in the metric of G, and A in their space
        self.turn = root[:, None] * vectors[:, kept] / np.sqrt(values[kept])
        self.projected = self.turn.T @ self.known.form @ self.turn
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
                inner = self._inner(new * self.weights)
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
        size, inner = self._norm(new), self._inner(image)
        beside = self.turn.T @ inner[:-1] / size
        self.projected = _bordered(self.projected, beside, float(inner[-1]) / size**2)
        self.turn = _bordered(self.turn, None, 1 / size)
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
            short = self.images.short if self.passes == 0 and self.residual > self.coarse else None
            near = self._seen_from_near(preview) if short is None else self._seen_shortly(short)
            if near is not None:
                yield near
        yield self.products * self.covariance - self.value * self.matrix

    def _seen_from_near(self, preview: Preview) -> Array | None:
        """Return the matrix to which the preview leads, corrected by what is known."""
        gain = _GAIN / preview.most_steps**2  # those that take less time are followed further
        wanted = max(_FINE / 100, gain * min(1.0, self.residual))
        near = self._corrected(preview)
        return near.leading_matrix(self.products, wanted, preview.most_steps)

    def _corrected(self, preview: Preview) -> CorrectedPreview:
        missed = self._combined(self.coefficients, "missed")
        own = Known(self.matrix[None], self.covariance[None], missed[None], np.empty((1, 1)))
        return CorrectedPreview(preview, own, self._parts[-1])

    def _seen_shortly(self, short: RememberedImages) -> Array:
        """Return the matrix to which passes in short floats lead, and the preview after them."""
        ritz = RitzPair(short, self.products)
        while ritz.residual > self.coarse and ritz.passes < _LOOKS and not ritz.is_invariant:
            ritz.extend()
        ritz.remember()
        return next(ritz._directions())

    def _norm(self, matrix: Array) -> float:
        """Return the norm in the metric of G, in which A is symmetric."""
        return math.sqrt(float(np.vdot(matrix, matrix * self.weights)))

    def remember(self) -> None:
        """Keep what passes found for other questions."""
        if self.found is not None:
            self.images.remember(self.found)

    def _solve(self) -> None:
        ritz_values, inner = np.linalg.eigh(self.projected)
        self.coefficients = self.turn @ inner[:, -1]
        self.matrix, self.covariance = (
            self._combined(self.coefficients, name) for name in ("matrices", "images")
        )
        # N has the norm 1 in the metric of G only to rounding
        self.norm = float(np.vdot(self.matrix, self.matrix * self.weights))
        self.value = float(np.vdot(self.matrix, self.covariance)) / self.norm
        rest = self.products * self.covariance - self.value * self.matrix
        square = float(np.vdot(rest, rest * self.weights)) / self.norm
        self.residual = square**0.5 / self.value if self.value > 0 else np.inf
        gap = 1 - ritz_values[-2] / self.value if len(ritz_values) > 1 and self.value > 0 else 0.0
        self.error = self.residual * min(1.0, self.residual / gap if gap > 0 else 1.0)
        dimension = len(self.products) * (len(self.products) + 1) // 2
        full = len(ritz_values) >= dimension
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

        def raised(place: int) -> tuple[Array, Array]:
            """Return C and its image, plus bounds of their errors."""
            D, TD, slack, row = parts(place)
            TD[np.diag_indices(size)] += slack + error * row * self.value
            return D, TD

        def bound(place: int) -> float:
            D, TD = raised(place)
            try:
                return largest_ratio(TD, D)
            except np.linalg.LinAlgError:
                return np.inf

        def is_below(place: int, value: float) -> bool:
            """Whether the bound is below a value, in far less time than it takes."""
            D, TD = raised(place)
            return is_definite(D, 0.0) and is_definite(value * D - TD, 0.0)

        place, best = _least(bound, is_below, len(weights))
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
        slack = self.images.rounding * len(self.products) ** 0.5
        return Base(np.diag(1 / np.diag(self.products)), self.images.of_identity, slack)

    def bound_by_preview(self, error: float) -> float:
        """Return the upper bound with what a preview sees shrunk, in one pass; inf without one."""
        if self.images.preview is None:
            return np.inf
        near = self._corrected(self.images.preview)
        N = shrunk_matrix(near.covariance, self.products, self.matrix, self.value)
        C = N / self.products
        size = float(np.abs(np.diag(self.products) * np.diag(C)).mean())  # that of the diagonal: 1
        if not 0 < size < np.inf:
            return np.inf
        N, C = N / size, C / size
        slack = self.images.rounding * float(np.linalg.norm(N))
        return self.upper_bound(error, Base(C, self.images.covariance(N), slack))

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


def largest_ratio(A: Array, B: Array) -> float:
    """Return the largest eigenvalue of B^-1 A for symmetric A and B, to rounding.

    Raises
    ------
    LinAlgError
        Unless B is definite.

    Examples
    --------
    >>> round(largest_ratio(np.diag([2.0, 3.0]), np.diag([1.0, 2.0])), 12)
    2.0
    """
    factor = np.linalg.cholesky(B)
    if len(B) < _LARGE:
        inverse = np.linalg.inv(factor)
        return float(np.linalg.eigvalsh(inverse @ A @ inverse.T)[-1])
    from scipy.linalg.lapack import dsygst  # slow to import

    return float(np.linalg.eigvalsh(dsygst(A, factor, lower=1)[0])[-1])


def _bordered(matrix: Array, beside: Array | None, corner: float) -> Array:
    """Return a matrix with one more row and column, which hold a vector, or zeros."""
    rows, columns = matrix.shape
    found = np.zeros((rows + 1, columns + 1))
    found[:-1, :-1], found[-1, -1] = matrix, corner
    if beside is not None:
        found[-1, :-1] = found[:-1, -1] = beside
    return found


def _least(
    function: Callable[[int], float], is_below: Callable[[int, float], bool], count: int
) -> tuple[int, float]:
    """Return where a function on 0, 1, ... that falls and then rises is least, and its value.

    ``is_below`` says whether it is below a number at a place.
    """
    low, high = 0, count - 1
    best = low, np.inf
    while True:
        middle = (low + high) // 2
        value = function(middle)
        if value < best[1]:
            best = middle, value
        if low >= high:
            return best
        if np.isfinite(value) and is_below(middle + 1, value):
            low = middle + 1
        else:
            high = middle
