"""Pairs of modes in whichever form an algorithm is judged."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.long_memory import LongForm
from sgdmem.numeric.noise_sums.long_pairs import long_pairs, quick_long_pairs
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, members, single, take
from sgdmem.numeric.sampled_noise import mode_pairs as half_plane
from sgdmem.numeric.sampled_noise.short_memory_pairs import LONGEST, ShortMemoryPairs
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_TOGETHER = 2**18  # modes of several forms


def mode_pairs(form: ModeForm, eigenvalues: Array) -> tuple[Array, float]:
    r"""Return :math:`\lambda_i\lambda_jh_{ij}` of one algorithm, and a bound of relative errors.

    See `sgdmem.numeric.sampled_noise.mode_pairs`.
    """
    if isinstance(form, LongForm):
        return long_pairs(*_of_one(form), eigenvalues)
    return half_plane.mode_pairs(_in_balls(form), eigenvalues)


def pairs_of_each(form: ModeForm, eigenvalues: Array) -> Iterator[tuple[Array, float]]:
    """Yield what `mode_pairs` returns for each of several forms."""
    if isinstance(form, LongForm) or len(form.Q) - 1 > LONGEST:
        for place in range(members(form)):
            yield mode_pairs(single(form, place), eigenvalues)
        return
    some = max(1, _TOGETHER // eigenvalues.size)
    for start in range(0, members(form), some):
        piece = take(_in_balls(form), slice(start, start + some))
        pairs = ShortMemoryPairs(piece, eigenvalues)
        for place in range(len(pairs)):
            yield pairs[place]


def quick_pairs(form: ModeForm, eigenvalues: Array) -> Array:
    """Return the products in plain floats, several times faster: for searches, not for proofs."""
    if isinstance(form, LongForm):
        return quick_long_pairs(*_of_one(form), eigenvalues)
    return half_plane.quick_pairs(form, eigenvalues)


def _of_one(form: LongForm) -> tuple[Algorithm, Fraction]:
    form = form.single(0)
    return form.algorithms[0].algorithm, form.weight_decay


def _in_balls(form: HalfPlaneForm) -> HalfPlaneForm:
    return form if isinstance(form.pull, Ball) else form.map(Ball)
