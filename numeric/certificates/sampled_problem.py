"""Questions about data in the coordinates of their rows, in exact numbers and in floats."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import as_array
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.exact_steps import ExactStep, exact_state, kronecker
from sgdmem.numeric.certificates.proof import matrix_texts, text, texts
from sgdmem.numeric.certificates.rounding import rational
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.spectra.data_files import MOST_EXACT
from sgdmem.symbolic.algebra.scalars import flint_rational, fraction_of, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

_LARGEST_STATE = 1000  # numbers of w and its memory together


@dataclass(frozen=True)
class SampledProblem:
    """A method on rows, in coordinates q with w = C q and rows y C^T.

    Attributes
    ----------
    algorithm : Algorithm
    rows : ndarray of Fraction, shape (n K, d)
        As given.
    coordinates : ndarray of Fraction, shape (n K, r)
    basis : ndarray of Fraction, shape (d, r), or None
        C; None where the rows span their space.
    outputs : int
    weights : list of Fraction
    noise : BatchNoise
    weight_decay : Fraction
    """

    algorithm: Algorithm
    rows: Any
    coordinates: Any
    basis: Any
    outputs: int
    weights: list[Fraction]
    noise: BatchNoise
    weight_decay: Fraction


def sampled_problem(
    algorithm: Algorithm, samples: Samples, noise: BatchNoise, weight_decay: Fraction
) -> SampledProblem:
    """Return a question about rows, in coordinates; InputError for more than a proof holds."""
    if noise.is_estimated:
        raise InputError(
            "a proof is about batches that are drawn afresh, and the noise of all modes: not about "
            "shuffled epochs or leading modes alone"
        )
    rows, exact = _rows(samples)
    drawn = np.asarray(samples.weights) > 0  # what is never drawn spans nothing of the loss
    if not drawn.all():
        rows, exact = (x[np.repeat(drawn, samples.outputs)] for x in (rows, exact))
    chances = np.asarray(samples.weights)[drawn]
    alike = np.ptp(chances) == 0
    shares = [Fraction(1 if alike else weight) for weight in chances.tolist()]
    total = sum(shares)
    weights = [share / total for share in shares]
    coordinates, basis = _coordinates(rows, exact)
    return SampledProblem(
        algorithm, exact, coordinates, basis, samples.outputs, weights, noise, weight_decay
    )


def sampled_step(problem: SampledProblem) -> ExactStep:
    """Return what a step does, in rational numbers."""
    d, K = problem.coordinates.shape[1], problem.outputs
    one = gram = _matrix(np.eye(d, dtype=int))
    if problem.basis is not None:
        basis = _matrix(problem.basis)
        gram = basis.transpose() * basis
    samples = [_matrix(y) for y in problem.coordinates.reshape(-1, K, d)]
    curvatures = [y.transpose() * y * gram for y in samples]
    weights = [flint_rational(weight) for weight in problem.weights]
    H = sum((p * A for p, A in zip(weights, curvatures, strict=True)), 0 * one)
    free, v, r = exact_state(problem.algorithm)
    drift = H + flint_rational(problem.weight_decay) * one
    S = kronecker(free, one) + kronecker(v * r.transpose(), drift)
    share = flint_rational(problem.noise.share)
    return ExactStep(S, kronecker(v, one), kronecker(r, one), curvatures, weights, H, share)


def _matrix(values: Any) -> Any:
    """Return an array of rational numbers as a matrix of FLINT."""
    from flint import fmpq_mat

    return fmpq_mat([[flint_rational(Fraction(x)) for x in line] for line in values.tolist()])


@dataclass(frozen=True)
class FloatStep:
    """What a step does to second moments, in floats.

    Attributes
    ----------
    S : ndarray
        Of the mean of the state.
    inflow, reading : ndarray
        v, and r times the identity, shape (d, (M + 1) d).
    samples : ndarray, shape (n, K, d)
    weights, H, gram : ndarray
    share : float
    """

    S: Array
    inflow: Array
    reading: Array
    samples: Array
    weights: Array
    H: Array
    gram: Array
    share: float

    def fed(self, Z: Array) -> Array:
        """Return the noise that second moments where gradients are taken make."""
        samples = self.samples
        forms = (samples @ (self.gram @ Z @ self.gram)) @ samples.transpose(0, 2, 1)
        weighted = self.weights[:, None, None] * (forms @ samples)
        mean = np.tensordot(samples, weighted, axes=((0, 1), (0, 1)))
        noise = mean - self.H @ Z @ self.H.T
        return self.share * np.kron(np.outer(self.inflow, self.inflow), noise)

    def read(self, Y: Array) -> Array:
        """Return the second moments where gradients are taken."""
        return np.asarray(self.reading @ Y @ self.reading.T)

    def moved(self, Y: Array) -> Array:
        """Return second moments after the step."""
        moved = self.S @ Y @ self.S.T
        return moved + self.fed(self.read(Y)) if self.share else moved


def float_step(problem: SampledProblem) -> FloatStep:
    """Return what a step does, in floats."""
    free, v, r = (np.array(x) for x in problem.algorithm.blocks.map(to_float).state)
    y, K = _floats(problem.coordinates), problem.outputs
    p = np.array([to_float(weight) for weight in problem.weights])
    n, d = len(p), y.shape[1]
    if len(v) * d > _LARGEST_STATE:
        raise InputError(
            f"a proof is of at most {_LARGEST_STATE:,} numbers of w and memory, got {len(v) * d:,}"
        )
    gram = np.eye(d)
    if problem.basis is not None:
        basis = _floats(problem.basis)
        gram = basis.T @ basis
    samples = y.reshape(n, K, d)
    H = np.einsum("nka,n,nkb->ab", samples, p, samples) @ gram
    S = np.kron(free, np.eye(d))
    S += np.kron(np.outer(v, r), H + to_float(problem.weight_decay) * np.eye(d))
    share = to_float(problem.noise.share)
    return FloatStep(S, v, np.kron(r, np.eye(d)), samples, p, H, gram, share)


def _floats(values: Any) -> Array:
    return np.array([[to_float(x) for x in line] for line in values.tolist()])


def written_data(problem: SampledProblem) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a proof holds of the data: what is asked, and what a witness has of it."""
    samples = problem.noise.samples
    assert samples is not None
    asked = {
        "problem": {
            "rows": matrix_texts(problem.rows),
            "outputs": samples.outputs,
            "weights": texts(problem.weights),
            "replacement": samples.drawing.replacement,
            "weight_decay": text(problem.weight_decay),
        },
        "inverse_batch_size": text(problem.noise.inverse_batch),
    }
    if problem.basis is None:
        return asked, {}
    coordinates = matrix_texts(problem.coordinates)
    return asked, {"basis": matrix_texts(problem.basis), "coordinates": coordinates}


def _rows(samples: Samples) -> tuple[Array, Any]:
    """Return the rows in floats, and as they were given, an array of Fraction."""
    given = samples.given
    if given is None:
        raise InputError("a proof about samples needs their rows: Problem.from_data(X)")
    if np.prod(given.shape) > MOST_EXACT:
        n, K, d = given.shape
        raise InputError(
            f"a proof holds at most {MOST_EXACT:,} numbers of data, got {n * K:,} rows of {d:,}"
        )
    floats = given[:].reshape(-1, given.shape[2])
    is_float = "float" in str(given.source.dtype)
    source = (floats if is_float else as_array(given.source, "data")).ravel().tolist()
    exact = np.array([rational(x, "data") for x in source] + [None], dtype=object)[:-1]
    return floats, exact.reshape(floats.shape)


def _coordinates(rows: Array, exact: Any) -> tuple[Any, Any]:
    """Return coordinates of rows, and the basis if their space is not all; exactly.

    Of independent rows these are the unit vectors, and the rows are the basis. Otherwise columns
    that are no combinations of earlier ones are coordinates.
    """
    rank = int(np.linalg.matrix_rank(rows))
    if rank == rows.shape[1]:
        return exact, None
    if rank == len(rows):
        return np.array([[Fraction(i == j) for j in range(rank)] for i in range(rank)]), exact.T
    matrix = _matrix(exact)
    reduced, exact_rank = (matrix.transpose() * matrix).rref()  # of the same space as the rows
    if exact_rank != rank:
        raise InputError(
            "a proof needs rows that do not nearly, and not exactly, lie in a smaller space: leave "
            "out columns that are almost combinations of others"
        )
    lines = [[fraction_of(x) for x in line] for line in reduced.tolist()[:rank]]
    first = [next(j for j, x in enumerate(line) if x) for line in lines]
    return exact[:, first], np.array(lines).T
