r"""The floor at which the mean loss on samples comes to rest where no fit leaves all residuals 0.

At the minimum the gradients of single samples do not vanish; their whitened covariance
:math:`\Gamma` is stirred up at each step. A stable method settles where (theory page "Finite data")

.. math:: C=\kappa\mathcal M(h\circ C)+\kappa\Gamma,\qquad
    L_\infty=\tfrac12\sum_ih^w_{ii}C_{ii},

with the products h and :math:`h^w` of impulse responses read at the gradient's point and at w. In
:math:`Y=\sqrt h\circ C` the equation is :math:`(1-A)Y=\kappa\sqrt h\circ\Gamma` with the symmetric
A of `sampled_radius`, whose eigenvalues lie within the radius: conjugate gradients solve it.
"""

from __future__ import annotations

import math

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.conjugate_gradients import conjugate_gradients
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, is_unheard, mode_summands
from sgdmem.numeric.noise_sums.pairs import mode_pairs
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.sampled_radius import are_moderate

_SMALL = 1e-14  # what is left over, relative to the right side


def sampled_floor(noise: BatchNoise, form: ModeForm, eigenvalues: Array, radius: float) -> Interval:
    """Return bounds of the floor, above the least loss.

    Parameters
    ----------
    noise : BatchNoise
        Of samples with residuals, in a stable question.
    form : HalfPlaneForm or LongForm
        In balls of shape (1, 1).
    eigenvalues : array of shape (N,)
    radius : float
        A bound of the radius of the noise operator, below 1.
    """
    samples, share = noise.samples, float(noise.share)
    assert samples is not None  # of the question
    products, error = mode_pairs(form, eigenvalues)
    output = Ball(eigenvalues) * mode_summands(form, Ball(eigenvalues)).output_noise
    reading, reading_error = output.mid[0], output.rad[0]
    if is_unheard(form):  # by w
        return 0.0, 0.0
    if not are_moderate(products):
        return 0.0, math.inf
    root = np.sqrt(products)
    right = share * root * covariance_at_rest(samples)
    unit = float(np.abs(right).max()) or 1.0  # squares of small residuals leave the range of floats
    right = right / unit

    def applied(Y: Array) -> Array:
        return np.asarray(Y - share * root * samples.covariance(root * Y))

    Y, left = conjugate_gradients(applied, right, _SMALL)
    C = Y / root
    value = float(reading @ np.diag(C)) / 2
    # (1 - A)^-1 is at most 1 / (1 - radius); A, and the right side, change by no larger a share
    # than the products do, and by the rounding of the passes
    size, largest = float(np.linalg.norm(Y)), float(root.max())
    passes = share * samples.rounding * largest
    left += (largest * passes + 2 * error) * size + passes * (_norm_of_gradients(samples) / unit)
    left += 2 * error * float(np.linalg.norm(right))
    weight = float(np.linalg.norm((reading + reading_error) / np.diag(root))) * (1 + 2 * error)
    bound = weight * left / (1 - radius) / 2
    bound += (
        float((reading_error + (error + (len(root) + 4) * UNIT) * reading) @ np.abs(np.diag(C))) / 2
    )
    bound *= 1 + 1e-6  # its own roundings
    if not math.isfinite(bound):
        return 0.0, math.inf
    return unit * max(0.0, value - bound), unit * (value + bound)


def covariance_at_rest(samples: Samples) -> Array:
    """Return the covariance of the whitened gradients of single samples at the minimum."""
    sets = len(samples.residuals) if samples.residuals is not None else 0
    size = samples.eigenvalues.size
    return samples.covariance(np.zeros((size, size)), np.zeros((sets, size)))


def _norm_of_gradients(samples: Samples) -> float:
    """Return a bound of the mean squared norm of the gradients at the minimum, whitened.

    It measures the rounding of their covariance, as the fourth moment does that of a pass.
    """
    residuals = samples.residuals
    if residuals is None:
        return 0.0
    size = float(np.einsum("n,n,rnk->", samples.weights, samples.lengths, residuals**2))
    return size if samples.pull is None else 3 * size  # its mean is taken from it
