r"""What Kaczmarz, or another method on samples that can all be fitted, loses from its worst start.

A step moves the states by :math:`S_i=S_0+H_ivr^T`. The mean loss is linear in the second moments of
the start, so its matrix follows the adjoint :math:`B\mapsto E S_i^TBS_i` from :math:`B_0=H` in the
places of w: second moments of a run with :math:`S_0^T`, and r and v exchanged. SGD's map,
:math:`E(1-\eta H_i)B(1-\eta H_i)`, is its own adjoint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.definiteness import is_definite
from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.losses.sampled_losses import step_parts
from sgdmem.numeric.moments.sampled_moments import SampledMoments
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem, as_problem, require_no_weight_decay
from sgdmem.numeric.schedules.schedule import read_schedule
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.named_algorithms import sgd

_SMALL = 150  # modes, up to which all eigenvalues are found as quickly as the largest
_NEAR = 1e-8  # relative: what the largest eigenvalue is proved to be within
_MOST = 10**15  # operations: some days


@dataclass(frozen=True, eq=False, repr=False)
class WorstCase:
    r"""What is lost from the worst start at a distance of 1.

    Attributes
    ----------
    steps : ndarray of shape (K,)
        Those that were asked.
    losses : ndarray of shape (K,)
        :math:`\tfrac12\lambda_{\max}(A_t)` after so many steps; each has its own start.
    start : ndarray of shape (d,)
        :math:`w_0-w_*` of the length 1, the worst for the last of the steps.
    """

    steps: Array
    losses: Array
    start: Array

    def __str__(self) -> str:
        loss = f"mean loss {self.losses[-1]:.6g} after {self.steps[-1]:,} steps"
        return f"{loss} from the worst start in {self.start.size:,} dimensions"

    def __repr__(self) -> str:
        return f"<WorstCase: {self}>"


def worst_losses(
    problem: Any,
    steps: Any,
    learning_rate: Any = 1,
    batch_size: Any = 1,
    *,
    algorithm: Any = None,
    progress: bool = False,
) -> WorstCase:
    r"""Return the exact mean loss from the worst start, if the samples can all be fitted.

    A step takes some :math:`3nd^2` operations for n samples in d dimensions, whether or not rows
    were sparse, as the run is one in the eigenbasis of H. For d above 150 the largest eigenvalue is
    found by Lanczos, and proved within 1e-8 by Cholesky.

    Parameters
    ----------
    problem : Problem
        Of samples: `kaczmarz`, `greedy_quadratics`, ``Problem.from_data``. Labels do not matter.
    steps : int or increasing sequence of int
        0, 1, ... up to a number of steps; or those that are asked.
    learning_rate, batch_size : number
        1 for the greedy step on single samples. An algorithm has its own rate.
    algorithm : Algorithm, optional
        Any other than SGD, such as ``heavy_ball(1, "0.4")``, from u = 0: without momentum yet.
    progress : bool
        Show a progress bar on stderr.

    Raises
    ------
    InputError
        For a problem without samples, or with weight decay, and for more than 10^15 operations.

    Examples
    --------
    >>> from sgdmem.systems import kaczmarz
    >>> found = worst_losses(kaczmarz([[1.0, 0], [3.0, 4.0]], probabilities="uniform"), 2)
    >>> found.losses.round(4).tolist()
    [0.4, 0.128, 0.087]
    >>> print(found)
    mean loss 0.0870401 after 2 steps from the worst start in 2 dimensions
    """
    given = as_problem(problem)
    require_no_weight_decay(given, "a worst start")
    samples = given.noise.samples
    if samples is None:
        raise InputError("problem must be one of samples, such as kaczmarz(A)")
    rate, asked = positive_float(learning_rate, "learning_rate"), _read_steps(steps)
    lam, last = samples.eigenvalues, asked[-1]
    size = len(samples) * samples.outputs * lam.size**2
    if 3 * size * last > _MOST:
        raise InputError(
            f"steps must be at most {_MOST // (3 * size):,} for {len(samples):,} samples of "
            f"{lam.size:,} modes, got {last:,}"
        )
    if algorithm is not None and rate != 1:
        raise InputError(f"learning_rate must be that of the algorithm, got {shown(learning_rate)}")
    method = read_schedule(sgd(rate) if algorithm is None else algorithm)
    if method.stationary is None:
        raise InputError(f"algorithm must be one for all steps, got {shown(algorithm)}")
    homogeneous = replace(samples, residuals=None, pull=None, minimum=None)
    from_hessian = Problem(Spectrum(lam), Noise(samples=homogeneous), target=lam)
    noise = from_hessian.noise.at(batch_size)
    moments = SampledMoments.at_start(from_hessian, noise, method, last)
    if moments.shares.size > 1:
        raise InputError("problem must have batches of one size for a worst start")
    root, (still, v, r) = np.sqrt(lam), (part[0] for part in step_parts(method.steps(0, 1)))
    found, vector = np.empty(asked.size), None
    with (
        np.errstate(over="ignore", invalid="ignore"),
        shown_progress("stepping", int(last), progress) as advance,
    ):
        for t in range(last + 1):
            place = int(np.searchsorted(asked, t))
            if asked[place] == t:
                matrix = moments.second[:, 0, :, 0] / np.outer(root, root)
                largest, vector = largest_pair(matrix, vector)
                found[place] = largest / 2
            if t < last:
                moments.step(still.T, r, v)
                advance(1)
    assert vector is not None
    return WorstCase(asked, found, np.asarray(vector @ samples.axes))


def largest_pair(matrix: Array, near: Array | None = None) -> tuple[float, Array]:
    """Return the largest eigenvalue of a positive semidefinite matrix, and its vector.

    By the method of Lanczos from a vector ``near`` it, if the matrix is large, and a proof by
    Cholesky that nothing is larger; by all eigenvalues otherwise.
    """
    if not np.isfinite(matrix).all():
        return np.inf, np.zeros(len(matrix)) if near is None else near
    if len(matrix) > _SMALL:
        from scipy.sparse.linalg import ArpackNoConvergence, eigsh

        first = np.sqrt(np.diag(matrix)) if near is None else near
        try:
            values, vectors = eigsh(matrix, 1, which="LA", v0=first, maxiter=300)
        except ArpackNoConvergence:
            pass
        else:
            largest = float(values[0])
            if is_definite(largest * (1 + _NEAR) * np.eye(len(matrix)) - matrix, 0.0):
                return largest, vectors[:, 0]
    values, vectors = np.linalg.eigh(matrix)
    return max(float(values[-1]), 0.0), vectors[:, -1]


def _read_steps(given: Any) -> Array:
    if not is_list(given):
        return np.arange(whole(given, "steps", 0, 10**9) + 1)
    found = [whole(t, "steps", 0, 10**9) for t in given]
    if not found or any(a >= b for a, b in pairwise(found)):
        raise InputError(f"steps must be a number or increasing ones, got {shown(given)}")
    return np.array(found)
