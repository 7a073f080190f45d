r"""Proofs about methods that repeat a period of steps, on a list of eigenvalues.

A family of matrices Y, one for each eigenvalue, with :math:`Y-A(Y)` positive definite, A being
what a period does to second moments. It is found in floats, as the solution of :math:`Y-A(Y)=1`,
rounded, and checked in exact numbers; where that fails, in balls, or exactly (`moments`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.exact_steps import exact_state
from sgdmem.numeric.certificates.listed import described
from sgdmem.numeric.certificates.moments import (
    MOST_UNKNOWN,
    Family,
    MomentWitness,
    moment_witness,
)
from sgdmem.numeric.certificates.proof import Proof, matrix_texts, proof_record, step_record
from sgdmem.numeric.certificates.rounding import dyadic
from sgdmem.numeric.judges.exact_list import ExactList, is_schur_polynomial
from sgdmem.symbolic.algebra.scalars import flint_rational, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndecidedError

MOST_NUMBERS, _MOST_STEPS = 4000, 2000
_DIGITS = (44, 60)


def prove_period(steps: Sequence[Algorithm], modes: ExactList, workers: int) -> Proof:
    """Return the proof for a period of steps, of some workers that are averaged after it.

    Raises
    ------
    InputError
        For too many steps, or too many eigenvalues of too long a memory.
    UndecidedError
        If the radius is too close to 1, for too many numbers to treat exactly.
    """
    if len(steps) > _MOST_STEPS:
        raise InputError(
            f"a proof of a period has at most {_MOST_STEPS:,} steps, got {len(steps):,}"
        )
    asked, method = described(modes), [step_record(step) for step in steps]
    if workers > 1:
        asked["workers"] = workers

    def proof(claim: str, witness: dict[str, Any]) -> Proof:
        return Proof(proof_record(claim, asked, witness, steps=method))

    for i in range(len(modes.eigenvalues)):
        if not _is_schur(steps, modes, i):
            return proof("unstable", {"by": "noiseless", "eigenvalue": i})
    if modes.noise.is_none:
        return proof("stable", {})
    for witness in _in_floats(steps, modes, workers):
        found = proof("unstable" if "vector" in witness else "stable", witness)
        if found.is_accepted:
            return found
    exact = _exactly(steps, modes, workers)
    if exact is None:
        raise UndecidedError(
            "the radius of the noise is too close to 1 to be proved on either side"
        )
    family = [matrix_texts(X) for X in exact.family]
    written: dict[str, Any] = {"X" if exact.fixed else "Y": family}
    if exact.negative is not None:
        written |= {"eigenvalue": exact.negative[0], "vector": exact.negative[1]}
    return proof(exact.claim, written)


def _in_floats(
    steps: Sequence[Algorithm], modes: ExactList, workers: int
) -> Iterator[dict[str, Any]]:
    """Yield witnesses that are likely to be ones."""
    try:
        family = _decreasing(steps, modes, workers)
    except np.linalg.LinAlgError:
        return
    least = np.linalg.eigvalsh(family).min(axis=1)
    stable, worst = bool(least.min() > 0), int(least.argmin())
    for digits in _DIGITS:
        witness: dict[str, Any] = {"Y": [dyadic(Y, digits) for Y in family]}
        if not stable:
            vector = np.linalg.eigh(family[worst])[1][:, :1].T
            witness |= {"eigenvalue": worst, "vector": dyadic(vector, digits)[0]}
        yield witness


def _is_schur(steps: Sequence[Algorithm], modes: ExactList, i: int) -> bool:
    """Whether the product of the steps of a mode is strictly Schur."""
    first, *others = (_matrices(step, modes)[i] for step in steps)
    for S in others:
        first = S * first
    return is_schur_polynomial(first.charpoly())


def _matrices(step: Algorithm, modes: ExactList) -> list[Any]:
    """Return S of each eigenvalue."""
    free, v, r = exact_state(step)
    decay = flint_rational(modes.weight_decay)
    return [free + (flint_rational(x) + decay) * (v * r.transpose()) for x in modes.eigenvalues]


def _exactly(steps: Sequence[Algorithm], modes: ExactList, workers: int) -> MomentWitness | None:
    size, count = len(steps[0].b) + 1, len(modes.eigenvalues)
    if count * size * (size + 1) // 2 > MOST_UNKNOWN:
        return None
    lam, weights, damping = (
        [flint_rational(x) for x in values]
        for values in (modes.eigenvalues, modes.weights, modes.damping)
    )
    inverse = flint_rational(modes.noise.inverse_batch)
    T = [[inverse * flint_rational(x) for x in line] for line in modes.coupling]
    period = [(_matrices(step, modes), *exact_state(step)[1:]) for step in steps]

    def moved(family: Family) -> Family:
        still = family
        for S, v, r in period:
            if workers > 1:
                still = [A * X * A.transpose() for A, X in zip(S, still, strict=True)]
            read = [x * (r.transpose() * X * r)[0, 0] for x, X in zip(lam, family, strict=True)]
            fed = [
                lam[i] * (sum(T[i][j] * weights[j] * read[j] for j in range(count))
                          - damping[i] * read[i])
                for i in range(count)
            ]  # fmt: skip
            family = [
                A * X * A.transpose() + amount * (v * v.transpose())
                for A, X, amount in zip(S, family, fed, strict=True)
            ]
        if workers == 1:
            return family
        return [(X + (workers - 1) * Y) / workers for X, Y in zip(family, still, strict=True)]

    return moment_witness([size] * count, moved)


def _decreasing(steps: Sequence[Algorithm], modes: ExactList, workers: int) -> Array:
    """Return Y with Y - A(Y) near the identity, shape (N, M + 1, M + 1)."""
    lam = np.array([to_float(x) for x in modes.eigenvalues])
    size = len(steps[0].b) + 1
    unknown = len(lam) * size * size
    if unknown > MOST_NUMBERS:
        raise InputError(
            f"a proof of a period has at most {MOST_NUMBERS:,} numbers, eigenvalues times "
            f"(memory + 1)^2, got {unknown:,}"
        )
    T = np.array([[to_float(x) for x in line] for line in modes.coupling])
    weights = np.array([to_float(x) for x in modes.weights])
    damping = np.array([to_float(x) for x in modes.damping])
    feed = to_float(modes.noise.inverse_batch) * lam[:, None] * T * (weights * lam)
    G = feed - np.diag(damping * lam * lam)
    still = moved = np.eye(unknown).reshape(len(lam), size, size, unknown)
    for step in steps:
        free, v, r = (np.array(x) for x in step.blocks.map(to_float).state)
        drift = lam + to_float(modes.weight_decay)
        S = free + drift[:, None, None] * np.outer(v, r)
        noise = np.tensordot(G, np.einsum("a,nabu,b->nu", r, moved, r), 1)
        moved = np.einsum("nac,ncdu,nbd->nabu", S, moved, S, optimize=True)
        if workers > 1:
            still = np.einsum("nac,ncdu,nbd->nabu", S, still, S, optimize=True)
        moved += noise[:, None, None, :] * np.outer(v, v)[:, :, None]
    if workers > 1:
        moved = (moved + (workers - 1) * still) / workers
    A = moved.reshape(unknown, unknown)
    ones = np.broadcast_to(np.eye(size), (len(lam), size, size)).ravel()
    Y = np.linalg.solve(np.eye(unknown) - A, ones).reshape(-1, size, size)
    return np.asarray((Y + Y.transpose(0, 2, 1)) / 2)
