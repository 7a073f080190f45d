"""Where simulated mini-batches come from: a Gaussian distribution, or the rows of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.problem import Problem, as_problem, require_target
from sgdmem.numeric.spectra.data_matrix import principal_axes, read_rows
from sgdmem.symbolic.errors import InputError, shown

MOST_MODES = 10**6


@dataclass(frozen=True)
class SimulatedFeatures:
    """Features and a start, in the coordinates of `sgdmem.numeric.simulation.steps`.

    Attributes
    ----------
    eigenvalues, start : ndarray, shape (N,)
    rows : ndarray, shape (n, N)
        A whitened data matrix; without rows the features are Gaussian.
    draws_signs : bool
        Whether the signs of the start are random.
    """

    eigenvalues: Array
    start: Array
    rows: Array
    draws_signs: bool

    def start_of(self, generator: np.random.Generator) -> Array:
        """Return the start of one run."""
        if not self.draws_signs:
            return self.start.copy()
        return np.asarray(self.start * generator.choice([-1.0, 1.0], self.start.size))


def read_simulated(problem: Any, start: Any) -> SimulatedFeatures:
    """Validate the arguments of `sgdmem.simulate` that say what is learnt."""
    given = as_problem(problem)
    if given.rows is not None:
        return _of_rows(given, start)
    if start is not None:
        raise InputError("start belongs to a Problem.from_data: give a target, the squares c_k^2")
    return _gaussian(given)


def _of_rows(problem: Problem, start: Any) -> SimulatedFeatures:
    X = read_rows(problem.rows)
    expected = problem.spectrum.eigenvalues
    # of data that came in a lower precision, fewer are told from zero than doubles could be
    lam, axes = (part[: expected.size] for part in principal_axes(X))
    if lam.shape != expected.shape or not np.allclose(lam, expected, rtol=1e-6, atol=0):
        raise InputError(
            "rows must be those of the spectrum, its eigenvalues largest first: "
            "use Problem.from_data(X)"
        )
    rows = np.ascontiguousarray(X @ axes.T / np.sqrt(lam))
    if start is None:
        masses = require_target(problem).masses(problem.spectrum)
        return SimulatedFeatures(lam, np.sqrt(masses), rows, draws_signs=True)
    vector = read_reals(start, "start")
    if vector.shape != X.shape[1:]:
        raise InputError(f"start must have shape {X.shape[1:]}, got {vector.shape}")
    return SimulatedFeatures(lam, np.sqrt(lam) * (axes @ vector), rows, draws_signs=False)


def _gaussian(problem: Problem) -> SimulatedFeatures:
    spectrum = problem.spectrum
    if spectrum.is_infinite or spectrum.count > MOST_MODES:
        raise InputError(
            f"spectrum must have at most {MOST_MODES:,} modes to be simulated, "
            f"got {shown(spectrum)}{': give a count' if spectrum.law is not None else ''}"
        )
    weights = spectrum.weights
    whole = weights == np.round(weights)
    if not whole.all():
        bad = float(weights[~whole][0])
        raise InputError(f"spectrum must have integer multiplicities to be simulated, got {bad}")
    masses = require_target(problem).masses(spectrum) / weights
    lam, masses = (np.repeat(x, weights.astype(int)) for x in (spectrum.eigenvalues, masses))
    return SimulatedFeatures(lam, np.sqrt(masses), np.empty((0, lam.size)), draws_signs=False)
