r"""Proofs about data in the coordinates of its rows: a matrix Y that decreases, or must not exist.

Y solves :math:`Y-A(Y)=1` in floats, A being what a step does to second moments: for each guess of
the noise a discrete Lyapunov equation, and the noise by GMRES. Rounded to few digits it is given to
the checker with R, the inverse Cholesky factors of Y and of Y - A(Y), or with a vector along which
Y is negative. Where the exact check does not pass, and of full batches, S itself is tested, and of
few numbers Y is found in balls, or exactly (`moments`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import as_array
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.exact_steps import ExactStep, exact_state, kronecker
from sgdmem.numeric.certificates.moments import MOST_UNKNOWN, moment_witness
from sgdmem.numeric.certificates.proof import Proof, proof_record, step_record, text, texts
from sgdmem.numeric.certificates.rounding import dyadic, rational
from sgdmem.numeric.judges.exact_list import is_schur_polynomial
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.spectra.data_files import MOST_EXACT
from sgdmem.symbolic.algebra.scalars import flint_rational, fraction_of, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndecidedError

_LARGEST_STATE = 1000  # numbers of w and its memory together
_DIGITS = (40, 60)  # bits to which entries are rounded, relative to their size
_TOLERANCE = 1e-11
_LARGEST_EXACT = 40  # numbers of w and memory for which S is tested exactly


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


def prove_samples(
    algorithm: Algorithm, samples: Samples, noise: BatchNoise, weight_decay: Fraction
) -> Proof:
    """Return the proof for an algorithm on the rows of data.

    Raises
    ------
    InputError
        For more data than a proof holds, and batches of several sizes or of shuffled epochs.
    UndecidedError
        If the radius is too close to 1, for too many numbers to treat exactly.
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
    coordinates, basis = _coordinates(rows, exact)
    problem = SampledProblem(
        algorithm, exact, coordinates, basis, samples.outputs, weights, noise, weight_decay
    )
    for claim, witness in _in_floats(problem):
        proof = Proof(_record(problem, claim, witness))
        if proof.is_accepted:
            return proof
    return _in_exact_numbers(problem)


def _in_floats(problem: SampledProblem) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield claims and witnesses that are likely to be ones."""
    try:
        Y = _decreasing(problem)
    except (np.linalg.LinAlgError, UndecidedError):
        return
    values, vectors = np.linalg.eigh(Y)
    if not np.isfinite(values).all():
        return
    for digits in _DIGITS:
        rounded = dyadic(Y, digits)
        if values[0] > 0:
            inverse = np.linalg.inv(np.linalg.cholesky(Y))
            yield "stable", {"Y": rounded, "of_Y": dyadic(inverse, digits)}
        else:
            vector = dyadic(vectors[:, :1].T, digits)[0]
            yield "unstable", {"Y": rounded, "vector": vector}


def _in_exact_numbers(problem: SampledProblem) -> Proof:
    step = sampled_step(problem)
    size = step.S.nrows()
    if size <= _LARGEST_EXACT:
        steady = is_schur_polynomial(step.S.charpoly())
        if not steady:
            return Proof(_record(problem, "unstable", {"by": "noiseless"}))
        if not step.share:
            return Proof(_record(problem, "stable", {}))
    if size * (size + 1) // 2 > MOST_UNKNOWN:
        raise UndecidedError("the radius of the noise is too close to 1 for a proof in floats")
    found = moment_witness([size], lambda family: [step.moved(X) for X in family])
    if found is None:
        raise UndecidedError(
            "the radius of the noise is too close to 1 to be proved on either side"
        )
    matrix = found.family[0]
    witness: dict[str, Any] = {"X" if found.fixed else "Y": _texts(matrix)}
    if found.negative is not None:
        witness["vector"] = found.negative[1]
    elif found.claim == "stable":
        witness |= {"of_Y": _factor(matrix), "of_difference": _factor(matrix - step.moved(matrix))}
    return Proof(_record(problem, found.claim, witness))


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


def _texts(matrix: Any) -> list[list[str]]:
    return [texts(line) for line in matrix.tolist()]


def _factor(X: Any) -> list[list[str]]:
    """Return an R for which R X R^T is diagonal, as elimination has it: X is positive definite."""
    from flint import fmpq_mat

    size = X.nrows()
    rows = [[X[i, j] for j in range(size)] for i in range(size)]
    R = [[int(i == j) + 0 * X[0, 0] for j in range(size)] for i in range(size)]
    for i in range(size):
        for k in range(i + 1, size):
            share = rows[k][i] / rows[i][i]
            rows[k] = [x - share * y for x, y in zip(rows[k], rows[i], strict=True)]
            R[k] = [x - share * y for x, y in zip(R[k], R[i], strict=True)]
    return _texts(fmpq_mat(R))


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


def _decreasing(problem: SampledProblem) -> Array:
    """Return Y with Y - A(Y) near the identity."""
    from scipy.linalg import solve_discrete_lyapunov
    from scipy.sparse.linalg import LinearOperator, gmres

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
    # near the boundary the tolerance is out of reach; whether it is near enough the checker says
    Z, _ = gmres(operator, start.ravel(), rtol=_TOLERANCE, restart=d * d, maxiter=2)
    Y = settled(identity + fed(Z.reshape(d, d)))
    return (Y + Y.T) / 2


def _floats(values: Any) -> Array:
    return np.array([[to_float(x) for x in line] for line in values.tolist()])


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
        coordinates = _exactly(problem.coordinates)
        witness = {**witness, "basis": _exactly(problem.basis), "coordinates": coordinates}
    return proof_record(claim, asked, witness, algorithm=step_record(problem.algorithm))


def _exactly(values: Any) -> list[list[str]]:
    return [texts(line) for line in values.tolist()]
