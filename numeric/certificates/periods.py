r"""Proofs about methods that repeat a period of steps, on a list of eigenvalues.

A family of matrices Y, one for each eigenvalue, with :math:`Y-A(Y)` positive definite, A being
what a period does to second moments. It is found in floats, as the solution of :math:`Y-A(Y)=1`,
rounded, and checked in exact numbers; nothing is proved where that fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.listed import described
from sgdmem.numeric.certificates.proof import Proof, proof_record, step_record
from sgdmem.numeric.certificates.rounding import dyadic
from sgdmem.numeric.judges.exact_list import ExactList
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, ProofError, UndecidedError

_MOST_UNKNOWN = 4000
_DIGITS = (44, 60)


def prove_period(steps: Sequence[Algorithm], modes: ExactList) -> Proof:
    """Return the proof for a period of steps.

    Raises
    ------
    InputError
        For too many eigenvalues of too long a memory.
    UndecidedError
        If floats do not find a family that the exact check accepts.
    """
    family = _decreasing(steps, modes)
    least = np.linalg.eigvalsh(family).min(axis=1)
    stable, worst = bool(least.min() > 0), int(least.argmin())
    for digits in _DIGITS:
        witness: dict[str, Any] = {"Y": [dyadic(Y, digits) for Y in family]}
        if not stable:
            vector = np.linalg.eigh(family[worst])[1][:, :1].T
            witness |= {"eigenvalue": worst, "vector": dyadic(vector, digits)[0]}
        claim, method = "stable" if stable else "unstable", [step_record(step) for step in steps]
        record = proof_record(claim, described(modes), witness, steps=method)
        try:
            (proof := Proof(record)).check()
        except ProofError:
            continue
        return proof
    raise UndecidedError("the radius of the noise is too close to 1 for a proof in floats")


def _decreasing(steps: Sequence[Algorithm], modes: ExactList) -> Array:
    """Return Y with Y - A(Y) near the identity, shape (N, M + 1, M + 1)."""
    lam = np.array([to_float(x) for x in modes.eigenvalues])
    size = len(steps[0].b) + 1
    unknown = len(lam) * size * size
    if unknown > _MOST_UNKNOWN:
        raise InputError(
            f"a proof of a period has at most {_MOST_UNKNOWN:,} numbers, eigenvalues times "
            f"(memory + 1)^2, got {unknown:,}"
        )
    T = np.array([[to_float(x) for x in line] for line in modes.coupling])
    weights = np.array([to_float(x) for x in modes.weights])
    damping = np.array([to_float(x) for x in modes.damping])
    feed = to_float(modes.noise.inverse_batch) * lam[:, None] * T * (weights * lam)
    G = feed - np.diag(damping * lam * lam)
    moved = np.eye(unknown).reshape(len(lam), size, size, unknown)
    for step in steps:
        free, v, r = (np.array(x) for x in step.blocks.map(to_float).state)
        drift = lam + to_float(modes.weight_decay)
        S = free + drift[:, None, None] * np.outer(v, r)
        noise = np.tensordot(G, np.einsum("a,nabu,b->nu", r, moved, r), 1)
        moved = np.einsum("nac,ncdu,nbd->nabu", S, moved, S, optimize=True)
        moved += noise[:, None, None, :] * np.outer(v, v)[:, :, None]
    A = moved.reshape(unknown, unknown)
    ones = np.broadcast_to(np.eye(size), (len(lam), size, size)).ravel()
    Y = np.linalg.solve(np.eye(unknown) - A, ones).reshape(-1, size, size)
    return np.asarray((Y + Y.transpose(0, 2, 1)) / 2)
