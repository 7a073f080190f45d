"""The verb: a proof of whether an algorithm is stable on a problem at a batch size."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.certificates.law_problem import LawProblem
from sgdmem.numeric.certificates.listed import prove_listed
from sgdmem.numeric.certificates.periods import MOST_NUMBERS, prove_period
from sgdmem.numeric.certificates.power_laws import prove_power_law
from sgdmem.numeric.certificates.proof import Proof
from sgdmem.numeric.certificates.rounding import rational
from sgdmem.numeric.certificates.sampled_periods import PeriodOnRows, prove_rows_period
from sgdmem.numeric.certificates.sampled_problem import sampled_problem
from sgdmem.numeric.certificates.samples import prove_samples
from sgdmem.numeric.judges.exact_list import ExactList
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.certificates.law_modes import LARGEST_EXPONENT
from sgdmem.symbolic.certificates.periods import MOST_WORKERS
from sgdmem.symbolic.errors import InputError, ProofError, UndecidedError

_LARGEST_MEMORY = 16  # beyond, exact summands take minutes
_MOST_EIGENVALUES = 10**5
_MOST_COUPLED = 1000
_MOST_LISTED = 10**4  # eigenvalues of a law, one by one
_SHORT, _SHORT_EXPONENT = 1000, 30  # where the list of a law has a proof in seconds


def certify(algorithm: Any, problem: Any, batch_size: Any = math.inf, *, workers: int = 1) -> Proof:
    r"""Prove whether the mean loss tends to 0 from every start, for all to check.

    Where `stability` answers by error bounds, this makes a proof: a file that a small program of
    exact arithmetic checks, which shares no code with those who made it (`check_proof`).

    Parameters
    ----------
    algorithm : Algorithm, or list of Algorithm
        Without free symbols. Of a list the steps are done over and over.
    problem : Problem, Spectrum, list of eigenvalues or array of shape (n, d)
        As for `stability`. Ints, fractions and decimals are taken at face value, a float is its
        exact binary value. Labels and their noise do not bear on stability: nothing is proved of
        where the loss comes to rest.
        Of data whose epochs end with a smaller batch (``drop_last=False``) an epoch is a period.
    batch_size : positive number or inf
    workers : int
        Of a list of steps: so many make a period by themselves, with batches of their own, and go
        on from their average.

    Returns
    -------
    Proof
        Of stability or of the contrary. Lists of rational eigenvalues are always decided, or shown
        to lie exactly on the boundary of stability (the noise sum is exactly 1) or on that without
        noise (roots are on the unit circle, none outside), under coupled noise unless the radius is
        within some 1e-900 of 1; so are power laws whose noise sum is not within 1e-60 of 1, and
        those of up to 1,000 rational eigenvalues, where need be as their list. Of data and periods
        of more than 150 second moments nothing is proved within about 1e-11 of the learning rate of
        the boundary.

    Raises
    ------
    InputError
        If an argument is not in its domain, irrational, or known to an interval only: eigenvalues
        with errors, noise that was fitted; for tau2 > tau1, epochs that are shuffled, and
        what is too large (memory over 16).
    UndecidedError
        If no proof is found.

    Examples
    --------
    >>> from sgdmem import Spectrum, sgd
    >>> certify(sgd(1), Spectrum.power_law("1.7"), batch_size=2).check().found
    'every mode is strictly Schur, and the noise sum, at most 0.831119215352, is below 1'
    >>> certify(sgd("1/2"), Spectrum([1]), batch_size="1/3").claim
    'boundary'
    """
    proof = _proved(algorithm, as_problem(problem), batch_size, workers)
    try:
        proof.check()
    except ProofError as error:
        raise UndecidedError(f"no proof was found that passes its check: {error}") from None
    return proof


def _proved(algorithm: Any, given: Problem, batch_size: Any, workers: int) -> Proof:
    workers = whole(workers, "workers", 1, MOST_WORKERS)
    noise = given.noise.at(batch_size)
    _require_exact(noise)
    if given.samples is not None and noise.samples is None:
        raise InputError(
            "a proof about data takes the noise of its rows: eigenvalues that are computed from "
            "them are rounded"
        )
    if noise.inverse_batch:
        rational(batch_size, "batch_size")
    if is_list(algorithm):
        steps = [_exact(step) for step in algorithm]
        if not steps or len({step.memory for step in steps}) > 1:
            raise InputError("algorithm must be a list of some steps of the same memory")
        if len(steps) == 1 and workers == 1 and noise.epoch is None:
            return _of_method(steps[0], given, noise)
        if noise.samples is not None:
            return prove_rows_period(_on_rows(steps, noise, given.weight_decay, workers))
        most = _MOST_LISTED if noise.is_quiet else MOST_NUMBERS // (steps[0].memory + 1) ** 2
        return prove_period(steps, _listed(steps[0], given, noise, most), workers)
    if workers > 1:
        raise InputError("workers are averaged after a period: algorithm must be a list of steps")
    return _of_method(_exact(algorithm), given, noise)


def _of_method(method: Algorithm, given: Problem, noise: BatchNoise) -> Proof:
    if noise.epoch is not None and noise.samples is not None and not noise.is_estimated:
        steps = [method] * noise.epoch.steps
        return prove_rows_period(_on_rows(steps, noise, given.weight_decay, 1))
    if noise.samples is not None:
        return prove_samples(sampled_problem(method, noise.samples, noise, given.weight_decay))
    law = given.spectrum.law
    if law is not None and not noise.by_mode:
        if law.exact[0] > LARGEST_EXPONENT:
            most = LARGEST_EXPONENT
            raise InputError(f"exponent must be at most {most:,} for a proof, got {law.exponent:g}")
        return _of_law(LawProblem(method, law, noise, given.weight_decay), given)
    return prove_listed(_listed(method, given, noise))


def _of_law(problem: LawProblem, given: Problem) -> Proof:
    """Return the proof for a power law, or, of few rational eigenvalues, that of their list."""
    (exponent, _), count = problem.law.exact, problem.law.count
    is_short = count is not None and count <= _SHORT and exponent <= _SHORT_EXPONENT
    is_list_too = is_short and (count == 1 or exponent.denominator == 1)
    try:
        proof = prove_power_law(problem)
    except UndecidedError:
        if not is_list_too:
            raise
    else:
        if not is_list_too or (proof.is_accepted and proof.stable is not None):
            return proof
    return prove_listed(_listed(problem.algorithm, given, problem.noise))


def _on_rows(
    steps: list[Algorithm], noise: BatchNoise, weight_decay: Fraction, workers: int
) -> PeriodOnRows:
    """Return a period on data; where an epoch ends with a smaller batch the steps are one epoch."""
    assert noise.samples is not None
    epoch, count = noise.epoch, len(steps)
    if epoch is not None and count != epoch.steps:
        raise InputError(
            f"a list of steps on data whose epochs end with a smaller batch must be one epoch, "
            f"{epoch.steps:,} steps, got {count:,}"
        )
    last = noise.inverse_batch if epoch is None else Fraction(1, epoch.last)
    inverses = [*[noise.inverse_batch] * (count - 1), last]
    shares = [*[noise.shares[0]] * (count - 1), noise.shares[1]]
    problem = sampled_problem(steps[0], noise.samples, noise, weight_decay)
    return PeriodOnRows(problem, steps, inverses, shares, workers)


def _listed(
    method: Algorithm, problem: Problem, noise: BatchNoise, most_of_law: int = _MOST_LISTED
) -> ExactList:
    law = problem.spectrum.law
    if law is None:
        count, most = len(problem.spectrum), _MOST_EIGENVALUES
        if noise.coupling is not None:
            most = _MOST_COUPLED
        if count > most:
            coupled = " whose noise is coupled" * (noise.coupling is not None)
            raise InputError(f"a proof takes at most {most:,} eigenvalues{coupled}, got {count:,}")
        lam, weights = problem.spectrum.exact(), problem.spectrum.exact_weights()
    else:
        lam = _listed_law(law, most_of_law)
        weights = [Fraction(1)] * len(lam)
    modes = ExactList(method, lam, weights, noise, problem.weight_decay)
    for i, weight in enumerate(weights):
        if weight < 1 and weight * modes.coupling[i][i] * noise.inverse_batch < modes.damping[i]:
            raise InputError(
                f"weights[{i}] must be at least tau2 / tau1, which is the noise of some data, got "
                f"{weight}"
            )
    return modes


def _listed_law(law: PowerLaw, most: int) -> list[Fraction]:
    exponent, scale = law.exact
    what = "a proof about a list of steps, or noise that differs between the modes,"
    if law.count is None or law.count > most:
        raise InputError(f"{what} takes at most {most:,} eigenvalues, got {law}")
    if exponent.denominator != 1 and law.count > 1:
        raise InputError(f"{what} takes rational eigenvalues, which k^-{law.exponent:g} are not")
    return [scale / k**exponent.numerator for k in range(1, law.count + 1)]


def _exact(algorithm: Any) -> Algorithm:
    method = numeric_algorithm(algorithm)
    if method.memory > _LARGEST_MEMORY:
        most = _LARGEST_MEMORY
        raise InputError(f"a proof is of methods of memory up to {most}, got {method.memory}")
    for entry in method.entries:
        rational(entry, "each entry of the algorithm")
    return method


def _require_exact(noise: BatchNoise) -> None:
    if noise.estimate is not None:
        raise InputError("the noise must be exact, not fitted: a proof is about what is given")
    if not noise.is_physical and not noise.is_quiet:
        raise InputError("tau2 must be at most tau1: no data have other noise")
