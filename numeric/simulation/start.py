"""Where simulated runs start: coefficients with their signs, or squares with random signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.problem import Problem, require_target
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.simulation.batches import multiplicities
from sgdmem.symbolic.errors import InputError


@dataclass(frozen=True, eq=False)
class Start:
    """Starts of R problems, in the coordinates of `sgdmem.numeric.simulation.steps`.

    Attributes
    ----------
    coefficients : ndarray, shape (R, N)
    draws_signs : bool
        Whether the signs are random.
    """

    coefficients: Array
    draws_signs: bool = False

    def of(self, generator: np.random.Generator) -> Array:
        """Return the start of one run, shape (R N,)."""
        if not self.draws_signs:
            return self.coefficients.ravel()
        signs = generator.choice([-1.0, 1.0], self.coefficients.size)
        return np.asarray(self.coefficients.ravel() * signs)


def read_start(problem: Problem, start: Any) -> Start:
    """Return the start of a problem, or the one given in its place in the coordinates of data."""
    if problem.samples is None:
        if start is not None:
            raise InputError(
                "start belongs to a Problem.from_data: give a target, the squares c_k^2"
            )
        return _of_gaussian(problem)
    samples = problem.samples
    sets = 1 if samples.residuals is None else len(samples.residuals)
    if start is not None:
        found = _read_vectors(samples, sets, start)
    elif problem.start is not None:
        found = problem.start
    elif sets > 1:
        raise InputError(f"problem must have a start, as the samples have {sets} sets of labels")
    else:
        masses = require_target(problem).masses(problem.spectrum)
        return Start(np.sqrt(masses)[None], draws_signs=True)
    if samples.residuals is not None and len(found) != sets:
        raise InputError(
            f"start must have {sets} rows, one for each set of labels, got {len(found)}"
        )
    with np.errstate(over="ignore"):
        return Start(np.sqrt(samples.eigenvalues) * found)


def _read_vectors(samples: Samples, sets: int, start: Any) -> Array:
    """Return the coefficients of w_0 - w_*, shape (R, N)."""
    vectors, size = read_reals(start, "start"), samples.axes.shape[1]
    shapes = [(size,), (size, sets)][: 1 + (sets > 1)]
    if vectors.shape not in shapes:
        expected = " or ".join(map(str, shapes))
        raise InputError(f"start must have shape {expected}, got {vectors.shape}")
    coefficients = (samples.axes @ vectors.reshape(size, -1)).T
    return np.broadcast_to(coefficients, (sets, coefficients.shape[1]))


def _of_gaussian(problem: Problem) -> Start:
    count = 1 if problem.start is None else len(problem.start)
    if count > 1:
        raise InputError(f"start must have one row for Gaussian features, got {count}")
    copies = multiplicities(problem)  # the law of the features does not depend on signs
    masses = require_target(problem).masses(problem.spectrum) / problem.spectrum.weights
    return Start(np.repeat(np.sqrt(masses), copies)[None])
