"""Random algorithms, and slow, obvious computations that the checks of statements share.

They use eqs. (3), (7) and (12)-(16) of arXiv 2410.04228 and no other formula.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sgdmem.symbolic.algorithms.algorithm import Algorithm

Array = NDArray[Any]

MEMORIES = range(5)
_GRAIN = 1024  # denominator of random entries


def random_algorithm(
    rng: np.random.Generator, memory: int, shifted: bool = True, radius: float = 0.8
) -> Algorithm:
    """Draw an algorithm with rational entries whose D is strictly stable.

    Parameters
    ----------
    rng
        Where the entries come from.
    memory : int
        The number M of auxiliary vectors.
    shifted : bool
        Whether a differs from 0.
    radius : float
        About the largest spectral radius of D.
    """
    alpha, *vectors = rng.normal(size=1 + 3 * memory)
    b, c, a = np.reshape(vectors, (3, memory))
    D = rng.normal(size=(memory, memory))
    if memory:
        D *= rng.uniform(0.1, radius) / np.abs(np.linalg.eigvals(D)).max()
    return Algorithm(alpha, b, c, D, a * shifted).map(
        lambda entry: Fraction(round(entry * _GRAIN), _GRAIN)
    )


def stable_algorithm(
    rng: np.random.Generator, memory: int, eigenvalues: ArrayLike, shifted: bool = True
) -> Algorithm:
    """Draw an algorithm with P - lambda Q strictly Schur at every one of the eigenvalues > 0."""
    algorithm = random_algorithm(rng, memory, shifted)
    if algorithm.effective_learning_rate < 0:
        algorithm = algorithm.scaled(-1)
    while spectral_radius(Dynamics.of(algorithm).matrix(eigenvalues)).max() >= 1:
        algorithm = algorithm.scaled(Fraction(1, 2))
    return algorithm


def random_share(rng: np.random.Generator, decades: int, denominator: int = 10**6) -> Fraction:
    """Draw a fraction from 10^-decades to 1 on a logarithmic scale, often 1 itself."""
    if rng.random() < 0.3:
        return Fraction(1)
    share = Fraction(float(10 ** rng.uniform(-decades, 0))).limit_denominator(denominator)
    return share or Fraction(1, denominator)


class Dynamics(NamedTuple):
    """One mode without noise, eq. (7): the state moves by S = still + lambda v r^T."""

    still: Array
    v: Array
    r: Array

    @classmethod
    def of(cls, algorithm: Algorithm) -> Dynamics:
        """Return the matrices of an algorithm as floats."""
        M = algorithm.memory
        still = np.eye(M + 1)
        still[0, 0] -= float(algorithm.shrink)
        still[0, 1:] = np.array(algorithm.b, float)
        still[1:, 1:] = np.array(algorithm.D, float).reshape(M, M)
        v = np.array([-algorithm.alpha, *algorithm.c], float)
        return cls(still, v, np.array([1, *algorithm.a], float))

    def matrix(self, lam: ArrayLike) -> Array:
        """Return S for every eigenvalue of an array; the last two axes are those of S."""
        return np.asarray(self.still + np.asarray(lam)[..., None, None] * np.outer(self.v, self.r))

    def moment_map(self, lam: ArrayLike, tau2_per_sample: ArrayLike = 0.0) -> Array:
        """Return the matrix of A_lambda, eq. (16), on the entries (i, j), i <= j, of moments.

        ``tau2_per_sample`` is tau2 / B.
        """
        S = self.matrix(lam)
        first, second = np.triu_indices(len(self.v))
        left, right = S[..., first, :], S[..., second, :]
        mirrored = left[..., second] * right[..., first] * (first != second)
        noise = np.asarray(tau2_per_sample * np.square(lam))[..., None, None]
        return np.asarray(left[..., first] * right[..., second] + mirrored - noise * self.injection)

    @property
    def injection(self) -> Array:
        """The matrix of M -> <r r^T, M> v v^T in the same coordinates."""
        first, second = np.triu_indices(len(self.v))
        seen = self.r[first] * self.r[second] * np.where(first == second, 1, 2)
        return np.outer(self.v[first] * self.v[second], seen)

    def noise_summand(self, lam: ArrayLike, at_w: bool = False) -> Array:
        """Return s = lam^2 <r r^T, X>, where X = S X S^T + v v^T; or lam^2 X_00, read at w.

        Where S is strictly stable, X is the sum of (S^t v)(S^t v)^T over t >= 0.
        """
        size = len(self.v)
        first, second = np.triu_indices(size)
        operator = np.eye(len(first)) - self.moment_map(lam)
        start = (self.v[first] * self.v[second])[:, None]
        X = np.linalg.solve(operator, np.broadcast_to(start, (*operator.shape[:-1], 1)))[..., 0]
        if at_w:
            return np.asarray(np.square(lam) * X[..., 0])
        seen = self.r[first] * self.r[second] * np.where(first == second, 1, 2)
        found: Array = np.square(lam) * (X @ seen)
        return found


def second_moment_matrix(
    dynamics: Dynamics, eigenvalues: Array, coupling: Array, tau2: ArrayLike, batch_size: float
) -> Array:
    """Return the map of all second moments, eqs. (12)-(16), on N modes as one square matrix.

    ``coupling`` is the N x N matrix T (tau1 in every entry for eq. (15)), ``tau2`` a number or N.
    """
    own = dynamics.moment_map(eigenvalues, np.asarray(tau2) / batch_size)
    weights = coupling * np.outer(eigenvalues, eigenvalues) / batch_size
    blocks = np.einsum("kj,ab->kajb", weights, dynamics.injection)
    modes = np.arange(len(eigenvalues))
    blocks[modes, :, modes] += own
    size = blocks.shape[0] * blocks.shape[1]
    return np.asarray(blocks.reshape(size, size))


def spectral_radius(matrices: Array) -> Array:
    """Return the largest modulus of an eigenvalue of each of several matrices."""
    return np.asarray(np.abs(np.linalg.eigvals(matrices)).max(axis=-1))
