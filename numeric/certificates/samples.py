r"""Proofs about data in the coordinates of its rows: a matrix Y that decreases, or must not exist.

Y solves :math:`Y-A(Y)=1` in floats, A being what a step does to second moments: for each guess of
the noise a discrete Lyapunov equation, and the noise by GMRES. Rounded to few digits it is given to
the checker with R, the inverse Cholesky factors of Y and of Y - A(Y), or with a vector along which
Y is negative. What is in doubt in floats stays so: a proof is made only if the exact check passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import as_array
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.proof import Proof, proof_record, step_record, text, texts
from sgdmem.numeric.certificates.rounding import dyadic, rational
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.samples import Samples
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, ProofError, UndecidedError

_LARGEST_STATE = 1000  # numbers of w and its memory together
_MOST_NUMBERS = 10**6  # of the data
_DIGITS = (40, 60)  # bits to which entries are rounded, relative to their size
_TOLERANCE = 1e-11


@dataclass(frozen=True)
class SampledProblem:
    """A method on rows, in coordinates q with w = C q and rows y C^T.

    Attributes
    ----------
    algorithm : Algorithm
    rows : ndarray of Fraction, shape (n K, d)
        As given.
    coordinates : ndarray, shape (n K, r)
    basis : ndarray, shape (d, r) or None
        C; None where the rows span their space.
    outputs : int
    weights : list of Fraction
    noise : BatchNoise
    weight_decay : Fraction
    """

    algorithm: Algorithm
    rows: Any
    coordinates: Array
    basis: Array | None
    outputs: int
    weights: list[Fraction]
    noise: BatchNoise
    weight_decay: Fraction


def prove_samples(
    algorithm: Algorithm, samples: Samples, noise: BatchNoise, weight_decay: Fraction
) -> Proof:
    """Return the proof for an algorithm on the rows of data.

    Raises
    ------
    InputError
        For more data than a proof holds, and batches of several sizes or of shuffled epochs.
    UndecidedError
        If floats do not find a matrix that the exact check accepts.
    """
    if noise.epoch is not None or noise.is_estimated:
        raise InputError(
            "a proof is about batches of one size, drawn afresh, and the noise of all modes: not "
            "about shuffled epochs, a smaller last batch, or leading modes alone"
        )
    rows, exact = _rows(samples)
    alike = np.ptp(samples.weights) == 0
    shares = [Fraction(1 if alike else weight) for weight in samples.weights.tolist()]
    weights = [share / sum(shares) for share in shares]
    coordinates, basis = _coordinates(rows)
    problem = SampledProblem(
        algorithm, exact, coordinates, basis, samples.outputs, weights, noise, weight_decay
    )
    Y = _decreasing(problem)
    values, vectors = np.linalg.eigh(Y)
    stable = bool(values[0] > 0)
    for digits in _DIGITS:
        rounded = dyadic(Y, digits)
        witness: dict[str, Any]
        if stable:
            inverse = np.linalg.inv(np.linalg.cholesky(Y))
            witness = {"Y": rounded, "of_Y": dyadic(inverse, digits)}
        else:
            witness = {"Y": rounded, "vector": dyadic(vectors[:, :1].T, digits)[0]}
        proof = Proof(_record(problem, "stable" if stable else "unstable", witness))
        try:
            proof.check()
        except ProofError:
            continue
        return proof
    raise UndecidedError("the radius of the noise is too close to 1 for a proof in floats")


def _rows(samples: Samples) -> tuple[Array, Any]:
    """Return the rows in floats, and as they were given, an array of Fraction."""
    given = samples.given
    if given is None:
        raise InputError("a proof about samples needs their rows: Problem.from_data(X)")
    if np.prod(given.shape) > _MOST_NUMBERS:
        n, K, d = given.shape
        raise InputError(
            f"a proof holds at most {_MOST_NUMBERS:,} numbers of data, got {n * K:,} rows of {d:,}"
        )
    floats = given[:].reshape(-1, given.shape[2])
    is_float = "float" in str(given.source.dtype)
    source = (floats if is_float else as_array(given.source, "data")).ravel().tolist()
    exact = np.array([rational(x, "data") for x in source] + [None], dtype=object)[:-1]
    return floats, exact.reshape(floats.shape)


def _coordinates(rows: Array) -> tuple[Array, Array | None]:
    """Return coordinates of rows, and the basis if their space is not all.

    Of independent rows these are the unit vectors, and the rows are the basis.
    """
    rank = int(np.linalg.matrix_rank(rows))
    if rank == rows.shape[1]:
        return rows, None
    if rank == len(rows):
        return np.eye(rank), rows.T
    raise InputError(
        "a proof needs rows that are independent, or span all directions: leave out columns that "
        "are always 0, or that others make up"
    )


def _decreasing(problem: SampledProblem) -> Array:
    """Return Y with Y - A(Y) near the identity."""
    from scipy.linalg import solve_discrete_lyapunov
    from scipy.sparse.linalg import LinearOperator, gmres

    free, v, r = (np.array(x) for x in problem.algorithm.blocks.map(to_float).state)
    y, K = problem.coordinates, problem.outputs
    p = np.array([to_float(weight) for weight in problem.weights])
    n, d = len(p), y.shape[1]
    if len(v) * d > _LARGEST_STATE:
        raise InputError(
            f"a proof is of at most {_LARGEST_STATE:,} numbers of w and memory, got {len(v) * d:,}"
        )
    gram = np.eye(d) if problem.basis is None else problem.basis.T @ problem.basis
    samples = y.reshape(n, K, d)
    H = np.einsum("nka,n,nkb->ab", samples, p, samples) @ gram
    share = to_float(problem.noise.share)
    S = np.kron(free, np.eye(d))
    S += np.kron(np.outer(v, r), H + to_float(problem.weight_decay) * np.eye(d))

    def fed(Z: Array) -> Array:
        """Return the noise that second moments where gradients are taken make."""
        forms = np.einsum("nka,ab,nlb->nkl", samples, gram @ Z @ gram, samples, optimize=True)
        mean = np.einsum("nka,nkl,n,nlb->ab", samples, forms, p, samples, optimize=True)
        return share * np.kron(np.outer(v, v), mean - H @ Z @ H.T)

    def settled(F: Array) -> Array:
        return np.asarray(solve_discrete_lyapunov(S, (F + F.T) / 2))

    reading = np.kron(r, np.eye(d))  # (d, m)

    def read(Y: Array) -> Array:
        return np.asarray(reading @ Y @ reading.T)

    identity = np.eye(len(S))
    if not share:
        return settled(identity)
    operator = LinearOperator(
        (d * d, d * d),
        matvec=lambda z: z - read(settled(fed(z.reshape(d, d)))).ravel(),
        dtype=float,
    )
    start = read(settled(identity))
    Z, failed = gmres(operator, start.ravel(), rtol=_TOLERANCE, restart=d * d, maxiter=20)
    if failed:
        raise UndecidedError("the noise of these rows could not be solved for in floats")
    Y = settled(identity + fed(Z.reshape(d, d)))
    return (Y + Y.T) / 2


def _record(problem: SampledProblem, claim: str, witness: dict[str, Any]) -> dict[str, Any]:
    samples = problem.noise.samples
    assert samples is not None
    asked = {
        "problem": {
            "rows": _exactly(problem.rows),
            "outputs": samples.outputs,
            "weights": texts(problem.weights),
            "replacement": samples.drawing.replacement,
            "weight_decay": text(problem.weight_decay),
        },
        "inverse_batch_size": text(problem.noise.inverse_batch),
    }
    if problem.basis is not None:
        coordinates = _exactly(np.eye(len(problem.rows), dtype=int))
        witness = {**witness, "basis": _exactly(problem.rows.T), "coordinates": coordinates}
    return proof_record(claim, asked, witness, algorithm=step_record(problem.algorithm))


def _exactly(values: Any) -> list[list[str]]:
    return [texts(line) for line in values.tolist()]
