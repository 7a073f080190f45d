"""Modes that cancel between P and Q: whether they die out."""

from __future__ import annotations

from fractions import Fraction

from sgdmem.symbolic.algebra.routh import HalfPlaneForm, to_half_plane
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.reduction import reduced
from sgdmem.symbolic.stability.schur import is_schur_form


def keeps_a_hidden_mode(algorithm: Algorithm) -> bool:
    """Whether a method of numbers has a hidden mode that does not die out.

    That is, the factor that P and Q share is not strictly Schur, see `reduced`.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import averaging, sgd
    >>> [keeps_a_hidden_mode(averaging(sgd("0.5"), rate)) for rate in ("0.1", "2.5")]
    [False, True]
    """
    _, factor = reduced(algorithm)
    if len(factor) == 1:
        return False
    *first, last = to_half_plane(factor)
    nothing = tuple(0 * value for value in first)
    form = HalfPlaneForm(tuple(first), nothing, 0 * last, nothing, nothing, decay=last)
    return not is_schur_form(form, Fraction(1))
