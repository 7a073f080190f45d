"""The verb: a proof of whether an algorithm is stable on a problem at a batch size."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from sgdmem.numeric.certificates.listed import prove_listed
from sgdmem.numeric.certificates.periods import prove_period
from sgdmem.numeric.certificates.power_laws import LawProblem, prove_power_law
from sgdmem.numeric.certificates.proof import Proof
from sgdmem.numeric.certificates.samples import prove_samples
from sgdmem.numeric.judges.exact_list import ExactList
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.errors import InputError, ProofError, UndecidedError


def certify(algorithm: Any, problem: Any, batch_size: Any = math.inf) -> Proof:
    r"""Prove whether the mean loss tends to 0 from every start, for all to check.

    Where `stability` answers by error bounds, this makes a proof: a file that a small program of
    exact arithmetic checks, which shares no code with those who made it (`check_proof`).

    Parameters
    ----------
    algorithm : Algorithm, or list of Algorithm
        Without free symbols. Of a list the steps are done over and over.
    problem : Problem, Spectrum, list of eigenvalues or array of shape (n, d)
        As for `stability`. Ints, fractions and decimals are taken at face value, a float is its
        exact binary value.
    batch_size : positive number or inf

    Returns
    -------
    Proof
        Of stability or of the contrary. Lists of rational eigenvalues are always decided, or shown
        to lie on the boundary (the noise sum is exactly 1, roots are on the unit circle); so are
        power laws whose noise sum is not within 1e-60 of 1. Of data and of periods nothing is
        proved extremely close to the boundary.

    Raises
    ------
    InputError
        If an argument is not in its domain, or is known to an interval only: eigenvalues with
        errors, noise that was fitted, tau2 > tau1.
    UndecidedError
        If no proof is found.

    Examples
    --------
    >>> from sgdmem import Spectrum, sgd
    >>> print(certify(sgd(1), Spectrum.power_law("1.7"), batch_size=2))
    stable: every mode is strictly Schur, and the noise sum, at most 0.831119215352, is below 1
    >>> print(certify(sgd("1/2"), Spectrum([1]), batch_size="1/3"))
    boundary: every mode is strictly Schur, and the noise sum is exactly 1
    """
    proof = _proved(algorithm, as_problem(problem), batch_size)
    try:
        proof.check()
    except ProofError as error:
        raise UndecidedError(f"a proof was made, but is none: {error}") from None
    return proof


def _proved(algorithm: Any, given: Problem, batch_size: Any) -> Proof:
    noise = given.noise.at(batch_size)
    _require_exact(noise)
    if is_list(algorithm):
        steps = [numeric_algorithm(step) for step in algorithm]
        if not steps or len({step.memory for step in steps}) > 1:
            raise InputError("algorithm must be a list of some steps of the same memory")
        return prove_period(steps, _listed(steps[0], given, noise))
    method = numeric_algorithm(algorithm)
    if noise.samples is not None:
        return prove_samples(method, noise.samples, noise, given.weight_decay)
    law = given.spectrum.law
    if law is not None and not noise.by_mode:
        return prove_power_law(LawProblem(method, law, noise, given.weight_decay))
    return prove_listed(_listed(method, given, noise))


def _listed(method: Algorithm, problem: Problem, noise: BatchNoise) -> ExactList:
    spectrum = problem.spectrum.listed()
    weights = [Fraction(weight) for weight in spectrum.weights.tolist()]
    modes = ExactList(method, spectrum.exact(), weights, noise, problem.weight_decay)
    for i, weight in enumerate(weights):
        if weight < 1 and weight * modes.coupling[i][i] * noise.inverse_batch < modes.damping[i]:
            raise InputError(
                f"weights[{i}] must be at least tau2 / tau1, which is the noise of some data, got "
                f"{weight}"
            )
    return modes


def _require_exact(noise: BatchNoise) -> None:
    if noise.estimate is not None:
        raise InputError("the noise must be exact, not fitted: a proof is about what is given")
    if not noise.is_physical and not noise.is_quiet:
        raise InputError("tau2 must be at most tau1: no data have other noise")
