r"""Adaptive methods (arXiv 1705.08292): the constructed problem on which they ignore the features.

Problem
    Labels are :math:`y_i=\pm1`, 1 with the probability p. Features are :math:`x_{i1}=y_i`,
    :math:`x_{i2}=x_{i3}=1`, and ones at places that no other point has: one place where
    :math:`y_i=1`, five where :math:`y_i=-1`. The loss is :math:`\frac1{2n}|Xw-y|^2`. A new point is
    given the label sign<w, x>; its own places were never seen.
Algorithm
    Gradient descent and SGD add multiples of rows: from 0 they tend to the solution of least norm.
    An adaptive method divides each coordinate of the gradient by a mean of its own history:
    :math:`w_j\leftarrow w_j-h_t(g_{1j},\dots,g_{tj})` with
    :math:`h_t(a\,g)=\mathrm{sign}(a)\,h_t(g)`. AdaGrad, RMSProp and Adam are such, with any rates
    and betas, where epsilon is 0 (and 0 / 0, of a coordinate without gradients, is 0).
Guarantee
    Let :math:`r=y-Xw_0\ne0` and :math:`s=\mathrm{sign}(X^Tr)\ne0`. If :math:`Xs=c\,r`, every
    iterate of every such method is :math:`w_t=w_0+\lambda_ts`, and the only solution of that form
    is :math:`w_0+s/c`.

    *Proof.* At :math:`w_0+\lambda s` the residual is :math:`(1-c\lambda)r`, and coordinate j of the
    gradient is :math:`-(1-c\lambda)(X^Tr)_j/n`. So while iterates are of this form, histories are a
    common one times :math:`(X^Tr)_j`, of which h keeps the sign: the step is a multiple of s. And
    :math:`c|r|^2=r^TXs=|X^Tr|_1>0`. Conversely, a solution :math:`w_0+\lambda s` has
    :math:`\lambda Xs=r`: the condition is necessary.

    Here, from 0, it holds if and only if more labels are 1 than -1 (s = (1, 1, 1, labels), c = 4)
    or none is 1 (c = 8). In the first case :math:`\langle s,x\rangle=y+2>0` for a new point,
    whatever its label: the test error is 1 - p. That of the solution of least norm is 0, if both
    labels occurred. What ends where no ray is: `sgdmem.numeric.systems.adaptive_errors`.

References
----------
    A. C. Wilson, R. Roelofs, M. Stern, N. Srebro and B. Recht, The marginal value of adaptive
    gradient methods in machine learning, NeurIPS, arXiv 1705.08292 (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive, whole
from sgdmem.symbolic.algebra.scalars import flint_rational, fraction_of, is_list
from sgdmem.symbolic.errors import InputError, shown

SHARED, OWN = 3, 5  # features that all points have, and places for what only one has
_MOST = 10_000  # points: a dense X of 4 GB, which few calls need


@dataclass(frozen=True)
class AdaptiveProblem:
    r"""The constructed problem for given labels; see `adaptive_problem`.

    Attributes
    ----------
    labels : tuple of int
        :math:`y_i`, 1 or -1.
    """

    labels: tuple[int, ...]

    def __str__(self) -> str:
        positives = self.labels.count(1)
        return f"{len(self.labels)} labels, {positives} of them 1; {self.dimension} features"

    @property
    def dimension(self) -> int:
        """3 + 5 n: features that all points have, then five places for each point."""
        return SHARED + OWN * len(self.labels)

    @cached_property
    def y(self) -> Array:
        """The labels as integers, shape (n,)."""
        return np.array(self.labels)

    @cached_property
    def shared(self) -> Array:
        """The features :math:`(y, 1, 1)`, shape (n, 3)."""
        return np.stack([self.y, np.ones_like(self.y), np.ones_like(self.y)], axis=1)

    @cached_property
    def own(self) -> Array:
        """Ones where a point has features of its own, shape (n, 5)."""
        return (np.arange(OWN) < np.where(self.y > 0, 1, OWN)[:, None]).astype(int)

    @property
    def X(self) -> Array:
        """All features as integers, shape (n, 3 + 5 n)."""
        n = len(self.labels)
        own = np.zeros((n, n, OWN), dtype=int)
        own[np.arange(n), np.arange(n)] = self.own
        return np.hstack([self.shared, own.reshape(n, -1)])

    def test_points(self, labels: Any) -> Array:
        """Return new points, with the features that no one has seen, shape (m, 3 + 5 n + 5 m)."""
        new = adaptive_problem(labels).X
        unused = np.zeros((len(new), self.dimension - SHARED), dtype=int)
        return np.hstack([new[:, :SHARED], unused, new[:, SHARED:]])

    def residual(self, w: Array) -> Array:
        r"""Return :math:`y-Xw`, exactly for exact weights, without the dense X."""
        own = w[SHARED:].reshape(-1, OWN)
        r: Array = self.y - self.shared @ w[:SHARED] - (self.own * own).sum(axis=1)
        return r

    def transposed(self, r: Array) -> Array:
        r"""Return :math:`X^Tr`, likewise."""
        return np.concatenate([self.shared.T @ r, (self.own * r[:, None]).ravel()])

    def minimum_norm(self, start: Any = None) -> Array:
        r"""Return the solution nearest to the start: the exact limit of gradient descent and SGD.

        With :math:`K=XX^T=D+SS^T`, D the numbers of own features and S the shared ones, the change
        of the shared weights is :math:`(1+S^TD^{-1}S)^{-1}S^TD^{-1}r`, whatever n.

        Parameters
        ----------
        start : sequence of numbers, shape (3 + 5 n,), optional
            0 by default.

        Returns
        -------
        array of Fraction, shape (3 + 5 n,)

        Raises
        ------
        InputError
            For a start of another shape.
        """
        w = self._start(start)
        r = self.residual(w)
        alpha = (r - self.shared @ self.shared_change(r)) * self._shares / OWN
        return w + self.transposed(alpha)

    def shared_change(self, r: Array) -> Array:
        """Return by how much that solution changes the shared weights, for a residual."""
        from flint import fmpq_mat

        weighted = self.shared.T * self._shares
        left = OWN * np.eye(SHARED, dtype=int) + weighted @ self.shared
        right = [flint_rational(Fraction(x)) for x in (weighted @ r).tolist()]
        found = fmpq_mat(SHARED, SHARED, left.ravel().tolist()).solve(fmpq_mat(SHARED, 1, right))
        return np.array([fraction_of(x) for x in found.entries()])

    @property
    def _shares(self) -> Array:
        """D^-1 times 5, which is whole."""
        whole_shares: Array = OWN // self.own.sum(axis=1)
        return whole_shares

    def gradient_descent(self, learning_rate: Any, steps: Any, start: Any = None) -> Array:
        """Return the iterates of gradient descent as fractions, shape (steps + 1, 3 + 5 n).

        Parameters
        ----------
        learning_rate : number > 0
            Stable below 2 n over the largest eigenvalue of X X^T.
        steps : int
            Digits of the fractions grow with the steps: some hundred are quick.
        start
            As for `minimum_norm`.

        Raises
        ------
        InputError
            For an argument outside its domain.
        """
        rate = positive(learning_rate, "learning_rate") / len(self.labels)
        points = [self.exact_start(start)]
        for _ in range(whole(steps, "steps", 0, _MOST)):
            w = points[-1]
            points.append(w + rate * self.transposed(self.residual(w)))
        return np.array(points)

    def sign_solution(self, start: Any = None) -> Array | None:
        """Return the solution that adaptive methods can reach on their ray, exactly; None if none.

        Parameters
        ----------
        start
            As for `minimum_norm`.

        Returns
        -------
        array of Fraction, shape (3 + 5 n,), or None
            None where the residuals at the start are no multiple of X sign(X^T r): then iterates
            leave the ray, and where they end depends on method and learning rate.
        """
        w = self._start(start)
        r = self.residual(w)
        if not r.any():
            return w
        s = np.sign(self.transposed(r))
        moved = self.residual(w) - self.residual(w + s)  # X s
        products: Any = moved @ r, r @ r
        c = Fraction(*products)
        return w + s / c if c > 0 and (moved == c * r).all() else None

    def test_error(self, weights: Any, p: Any) -> Fraction:
        """Return the mean error on new points, exactly; the boundary counts as an error.

        Parameters
        ----------
        weights : sequence of numbers, shape (3 + 5 n,)
            Only the first three count: those of features that new points share.
        p : number
            From 0 to 1: the probability of the label 1. A float is its exact binary value.
        """
        wrong_one, wrong_other = wrong_answers(self.exact_start(weights, "weights"))
        share = probability(p)
        return wrong_one * share + wrong_other * (1 - share)

    def _start(self, start: Any) -> Array:
        """Return a start exactly; 0 as integers, with which fractions are not needed at once."""
        return np.array([0] * self.dimension, object) if start is None else self.exact_start(start)

    def exact_start(self, start: Any = None, name: str = "start") -> Array:
        """Return a start as fractions; 0 by default."""
        if start is None:
            return np.array([Fraction(0)] * self.dimension)
        values = list(start) if is_list(start) else []
        if len(values) != self.dimension:
            raise InputError(
                f"{name} must be {self.dimension} numbers, 3 + 5 n of them, got {shown(start)}"
            )
        return np.array([number(x, name) for x in values])


def adaptive_problem(
    labels: Any = None, *, n: Any = None, p: Any = None, seed: Any = 0
) -> AdaptiveProblem:
    r"""Return the constructed problem, for given labels or drawn ones.

    Parameters
    ----------
    labels : sequence of 1 and -1, optional
    n : int, optional
        How many to draw in their place.
    p : number, optional
        From 0 to 1: the probability of 1.
    seed : int

    Raises
    ------
    InputError
        For other labels, and for both labels and n or p, or neither.

    Examples
    --------
    >>> problem = adaptive_problem([1, 1, -1])
    >>> print(problem, *problem.sign_solution()[:4])
    3 labels, 2 of them 1; 18 features 1/4 1/4 1/4 1/4
    >>> print(*problem.minimum_norm()[:4])
    1/2 1/6 1/6 1/6
    """
    if labels is None:
        if n is None or p is None:
            raise InputError("give labels, or n and p")
        chance = float(probability(p))
        drawn = np.random.default_rng(whole(seed, "seed", 0)).random(whole(n, "n", 1, _MOST))
        return AdaptiveProblem(tuple(1 if x < chance else -1 for x in drawn))
    if n is not None or p is not None:
        raise InputError("give labels, or n and p, not both")
    values = list(labels) if is_list(labels) else []
    if not 1 <= len(values) <= _MOST or any(x not in (1, -1) for x in values):
        raise InputError(f"labels must be a list of 1 and -1, got {shown(labels)}")
    return AdaptiveProblem(tuple(int(x) for x in values))


def wrong_answers(weights: Array) -> tuple[int, int]:
    """Return which new points weights miss, 1 if so: those of the label 1, and of -1."""
    first, *others = weights[:SHARED]
    return int(first + sum(others) <= 0), int(-first + sum(others) >= 0)


def probability(p: Any) -> Fraction:
    """Read a number from 0 to 1."""
    share = number(p, "p")
    if not 0 <= share <= 1:
        raise InputError(f"p must be from 0 to 1, got {shown(p)}")
    return share
