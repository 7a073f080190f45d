"""Modes that cancel between P and Q: whether they die out."""

from __future__ import annotations

from sgdmem.symbolic.algebra.routh import to_half_plane
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.reduction import reduced
from sgdmem.symbolic.stability.schur import is_hurwitz


def keeps_a_hidden_mode(algorithm: Algorithm) -> bool:
    """Whether a method of numbers has a hidden mode that does not die out.

    That is, the factor that P and Q share is not strictly Schur, see `reduced`.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.averaging import averaging
    >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
    >>> [keeps_a_hidden_mode(averaging(sgd("0.5"), rate)) for rate in ("0.1", "2.5")]
    [False, True]
    """
    _, factor = reduced(algorithm)
    return len(factor) > 1 and not is_hurwitz(to_half_plane(factor))
