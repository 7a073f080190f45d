r"""Proofs about data in the coordinates of its rows: a matrix Y that decreases, or must not exist.

Y solves :math:`Y-A(Y)=1` in floats, A being what a step does to second moments: for each guess of
the noise a discrete Lyapunov equation, and the noise by GMRES. Rounded to few digits it is given to
the checker with R, the inverse Cholesky factors of Y and of Y - A(Y), or with a vector along which
Y is negative. Where the exact check does not pass, and of full batches, S itself is tested, and of
few numbers Y is found in balls, or exactly (`moments`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.moments import MOST_UNKNOWN, moment_witness
from sgdmem.numeric.certificates.proof import Proof, matrix_texts, proof_record, step_record
from sgdmem.numeric.certificates.rounding import dyadic
from sgdmem.numeric.certificates.sampled_problem import (
    SampledProblem,
    float_step,
    sampled_step,
    written_data,
)
from sgdmem.numeric.judges.exact_list import is_schur_polynomial
from sgdmem.symbolic.errors import UndecidedError

_DIGITS = (40, 60)  # bits to which entries are rounded, relative to their size
_TOLERANCE = 1e-11
_LARGEST_EXACT = 40  # numbers of w and memory for which S is tested exactly


def prove_samples(problem: SampledProblem) -> Proof:
    """Return the proof for an algorithm on the rows of data.

    Raises
    ------
    UndecidedError
        If the radius is too close to 1, for too many numbers to treat exactly.
    """
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
    witness: dict[str, Any] = {"X" if found.fixed else "Y": matrix_texts(matrix)}
    if found.negative is not None:
        witness["vector"] = found.negative[1]
    elif found.claim == "stable":
        witness |= {"of_Y": _factor(matrix), "of_difference": _factor(matrix - step.moved(matrix))}
    return Proof(_record(problem, found.claim, witness))


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
    return matrix_texts(fmpq_mat(R))


def _decreasing(problem: SampledProblem) -> Array:
    """Return Y with Y - A(Y) near the identity."""
    from scipy.linalg import solve_discrete_lyapunov
    from scipy.sparse.linalg import LinearOperator, gmres

    step = float_step(problem)
    identity, d = np.eye(len(step.S)), len(step.reading)

    def settled(F: Array) -> Array:
        return np.asarray(solve_discrete_lyapunov(step.S, (F + F.T) / 2))

    if not step.share:
        return settled(identity)
    operator = LinearOperator(
        (d * d, d * d),
        matvec=lambda z: z - step.read(settled(step.fed(z.reshape(d, d)))).ravel(),
        dtype=float,
    )
    start = step.read(settled(identity))
    # near the boundary the tolerance is out of reach; whether it is near enough the checker says
    Z, _ = gmres(operator, start.ravel(), rtol=_TOLERANCE, restart=d * d, maxiter=2)
    Y = settled(identity + step.fed(Z.reshape(d, d)))
    return (Y + Y.T) / 2


def _record(problem: SampledProblem, claim: str, witness: dict[str, Any]) -> dict[str, Any]:
    asked, known = written_data(problem)
    method = step_record(problem.algorithm)
    return proof_record(claim, asked, {**witness, **known}, algorithm=method)
