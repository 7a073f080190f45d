"""Pairs of modes in whichever form an algorithm is judged."""

from __future__ import annotations

from fractions import Fraction

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.long_memory import LongForm
from sgdmem.numeric.noise_sums.long_pairs import long_pairs, quick_long_pairs
from sgdmem.numeric.noise_sums.mode_summands import ModeForm
from sgdmem.numeric.sampled_noise import mode_pairs as half_plane
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algorithms.algorithm import Algorithm


def mode_pairs(form: ModeForm, eigenvalues: Array) -> tuple[Array, float]:
    r"""Return :math:`\lambda_i\lambda_jh_{ij}` of one algorithm, and a bound of relative errors.

    See `sgdmem.numeric.sampled_noise.mode_pairs`.
    """
    if isinstance(form, LongForm):
        return long_pairs(*_of_one(form), eigenvalues)
    return half_plane.mode_pairs(_in_balls(form), eigenvalues)


def quick_pairs(form: ModeForm, eigenvalues: Array) -> Array:
    """Return the products in plain floats, several times faster: for searches, not for proofs."""
    if isinstance(form, LongForm):
        return quick_long_pairs(*_of_one(form), eigenvalues)
    return half_plane.quick_pairs(_in_balls(form), eigenvalues)


def _of_one(form: LongForm) -> tuple[Algorithm, Fraction]:
    form = form.single(0)
    return form.algorithms[0].algorithm, form.weight_decay


def _in_balls(form: HalfPlaneForm) -> HalfPlaneForm:
    return form if isinstance(form.pull, Ball) else form.map(Ball)
