r"""Proofs about data and periods of steps: chains of matrices, each above what a step makes.

:math:`Y_0` solves :math:`Y_0=G(Y_0)` in floats, where G makes a period's steps and adds 1 after
each; the chain is what it goes through. It is rounded and checked in exact numbers; where that
fails, of few numbers, it is found in balls, or second moments that do not change are found exactly
(`moments`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.exact_steps import ExactStep
from sgdmem.numeric.certificates.moments import MOST_UNKNOWN, Family, moment_witness
from sgdmem.numeric.certificates.proof import (
    Proof,
    matrix_texts,
    proof_record,
    step_record,
    texts,
)
from sgdmem.numeric.certificates.rounding import dyadic
from sgdmem.numeric.certificates.sampled_problem import (
    FloatStep,
    SampledProblem,
    float_step,
    sampled_step,
    written_data,
)
from sgdmem.symbolic.algebra.scalars import flint_rational
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndecidedError

_DIGITS = (44, 60)
_MOST_NUMBERS = 10**6  # of all matrices of a chain
_LARGEST_STATE = 100  # numbers of w and memory
_RESTART, _TOLERANCE = 300, 1e-13
_GAINS = tuple(Fraction(1, 2**k) for k in (10, 20, 40, 80, 160))  # of a chain in exact numbers
_BITS = 400


@dataclass(frozen=True)
class PeriodOnRows:
    """Steps on rows, with the inverse batch size and the share of the noise of each, and workers.

    ``problem`` has the data, and the algorithm of the first step.
    """

    problem: SampledProblem
    steps: Sequence[Algorithm]
    inverses: Sequence[Fraction]
    shares: Sequence[Fraction]
    workers: int

    def proof(self, claim: str, witness: dict[str, Any]) -> Proof:
        """Return a proof about it."""
        asked, known = written_data(self.problem)
        sizes = texts(self.inverses)
        asked["inverse_batch_size"] = sizes[0] if len(set(sizes)) == 1 else sizes
        if self.workers > 1:
            asked["workers"] = self.workers
        steps = [step_record(step) for step in self.steps]
        return Proof(proof_record(claim, asked, {**witness, **known}, steps=steps))


def prove_rows_period(period: PeriodOnRows) -> Proof:
    """Return the proof for a period of steps on data.

    Raises
    ------
    InputError
        For too many numbers.
    UndecidedError
        If the radius is too close to 1, for too many numbers to treat exactly.
    """
    size = (period.steps[0].memory + 1) * period.problem.coordinates.shape[1]
    matrices = len(period.steps) * (1 + (period.workers > 1)) + 1
    if size > _LARGEST_STATE or matrices * size**2 > _MOST_NUMBERS:
        raise InputError(
            f"a proof of a period on data is of at most {_LARGEST_STATE} numbers of w and memory, "
            f"and {_MOST_NUMBERS:,} of their second moments in all steps, got {size:,} and "
            f"{matrices * size**2:,}"
        )
    for claim, witness in _in_floats(period, size):
        proof = period.proof(claim, witness)
        if proof.is_accepted:
            return proof
    return _in_exact_numbers(period, size)


def _in_floats(period: PeriodOnRows, size: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield claims and witnesses that are likely to be ones."""
    steps = [
        replace(float_step(replace(period.problem, algorithm=step)), share=float(share))
        for step, share in zip(period.steps, period.shares, strict=True)
    ]
    quiet, one = [replace(step, share=0.0) for step in steps], np.eye(size)
    with np.errstate(all="ignore"):
        Y = _fixed_point(
            lambda X: _closed(period, *_chains(period, steps, quiet, X, one)) + one, size
        )
        if Y is None:
            return
        values, vectors = np.linalg.eigh(Y)
        for digits in _DIGITS:
            first = _rounded(Y, digits)
            chains = _chains(period, steps, quiet, first, one, digits)
            names = dict(zip("YZ", chains, strict=False))
            if not all(np.isfinite(X).all() for chain in chains for X in chain):
                return
            names["Y"] = [first, *names["Y"]]
            written = {name: [dyadic(X, digits) for X in chain] for name, chain in names.items()}
            if values[0] > 0:
                factor = np.linalg.inv(np.linalg.cholesky(Y))
                yield "stable", {**written, "of_Y": dyadic(factor, digits)}
            else:
                vector = dyadic(vectors[:, :1].T, digits)[0]
                yield "unstable", {**written, "vector": vector}


def _rounded(X: Array, digits: int) -> Array:
    """Return a matrix as `dyadic` writes it."""
    unit = 2.0 ** (int(np.frexp(np.abs(X).max())[1]) - digits)
    return np.asarray(np.round(X / unit) * unit)


def _chains(
    period: PeriodOnRows,
    steps: Sequence[FloatStep],
    quiet: Sequence[FloatStep],
    first: Array,
    gain: Array,
    digits: int = 0,
) -> list[list[Array]]:
    """Return what steps make of a matrix, with a gain after each; of workers also without noise."""
    chains = []
    for some in (steps, quiet)[: 1 + (period.workers > 1)]:
        X, chain = first, list[Array]()
        for step in some:
            X = step.moved(X)
            X = (X + X.T) / 2 + gain
            X = _rounded(X, digits) if digits else X
            chain.append(X)
        chains.append(chain)
    return chains


def _closed(period: PeriodOnRows, noisy: list[Array], still: list[Array] | None = None) -> Array:
    """Return the end of a chain, averaged over the workers."""
    if still is None:
        return noisy[-1]
    return np.asarray((noisy[-1] + (period.workers - 1) * still[-1]) / period.workers)


def _fixed_point(G: Callable[[Array], Array], size: int) -> Array | None:
    """Return Y = G(Y) for an affine G; None where it is not found."""
    from scipy.sparse.linalg import LinearOperator, gmres

    zero = G(np.zeros((size, size)))
    if not np.isfinite(zero).all():
        return None
    operator = LinearOperator(
        (size**2, size**2),
        matvec=lambda x: x - (G(x.reshape(size, size)) - zero).ravel(),
        dtype=float,
    )
    Y = np.zeros((size, size))
    for _ in range(3):  # what is left of the first is solved for again
        rest = (G(Y) - Y).ravel()
        found, _ = gmres(operator, rest, rtol=_TOLERANCE, restart=min(size**2, _RESTART), maxiter=2)
        Y = Y + found.reshape(size, size)
        Y = (Y + Y.T) / 2
        if not np.isfinite(Y).all():
            return None
    return Y


def _in_exact_numbers(period: PeriodOnRows, size: int) -> Proof:
    if size * (size + 1) // 2 > MOST_UNKNOWN:
        raise UndecidedError("the radius of the noise is too close to 1 for a proof in floats")
    steps = [
        replace(sampled_step(replace(period.problem, algorithm=step)), share=flint_rational(share))
        for step, share in zip(period.steps, period.shares, strict=True)
    ]
    quiet = [replace(step, share=flint_rational(0)) for step in steps]

    def moved(family: Family) -> Family:
        ends = [family[0], family[0]]
        for step, still in zip(steps, quiet, strict=True):
            ends = [step.moved(ends[0]), still.moved(ends[1]) if period.workers > 1 else ends[1]]
        return [(ends[0] + (period.workers - 1) * ends[1]) / period.workers]

    found = moment_witness([size], moved)
    if found is not None and found.fixed:
        return period.proof(found.claim, {"X": matrix_texts(found.family[0])})
    for gain in _GAINS if found is not None else ():
        assert found is not None
        Y, Z = (_exact_chain(some, found.family[0], gain, size) for some in (steps, quiet))
        witness: dict[str, Any] = {"Y": [matrix_texts(X) for X in Y]}
        if period.workers > 1:
            witness["Z"] = [matrix_texts(X) for X in Z[1:]]
        if found.negative is None:
            witness["of_Y"] = _float_factor(Y[0])
        else:
            witness["vector"] = found.negative[1]
        proof = period.proof(found.claim, witness)
        if proof.is_accepted:
            return proof
    raise UndecidedError("the radius of the noise is too close to 1 to be proved on either side")


def _exact_chain(steps: Sequence[ExactStep], first: Any, gain: Fraction, size: int) -> list[Any]:
    """Return what steps make of a matrix, in many digits, with a gain after each."""
    from flint import fmpq, fmpq_mat

    chain, unit = [first], fmpq(2) ** _BITS
    for step in steps:
        X = step.moved(chain[-1])
        entries = [fmpq((x * unit).floor()) / unit for x in X.entries()]
        for i in range(size):
            entries[i * (size + 1)] += flint_rational(gain)
        chain.append(fmpq_mat(size, size, entries))
    return chain


def _float_factor(X: Any) -> list[list[str]]:
    floats = np.array([[int(x.p) / int(x.q) for x in line] for line in X.tolist()])
    return dyadic(np.linalg.inv(np.linalg.cholesky(floats)), 60)
