"""Noise sums over listed eigenvalues, with error bounds: a block of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, members, mode_summands, take

_BLOCK = 2**16  # entries of an (A, N) block that is held in memory at once
_BALL = ("mid", "rad")


@dataclass(frozen=True)
class NoiseSums:
    """Outcome for a batch of A algorithms; arrays of shape (A,).

    Attributes
    ----------
    schur, damped : ndarray of int8
        Whether every mode is strictly Schur, and has 1 + (tau2/B) s > 0: 1 yes, -1 no, 0 unknown.
    noise, output_noise : Ball
        The sums without the factor tau1 / B, over the modes for which both are certain (all other
        modes could only add to it).
    smallest_damping : ndarray
        The smallest 1 + (tau2/B) s found (midpoint) among strictly Schur modes.
    worst : ndarray of int
        Index of the first mode that is not certainly Schur and damped; -1 if there is none.
    """

    schur: Array
    damped: Array
    noise: Ball
    output_noise: Ball
    smallest_damping: Array
    worst: Array


def sums_of_modes(
    form: ModeForm, lam: Ball, weights: Array, tau2_share: Ball, only_good: bool = True
) -> NoiseSums:
    """Sum over listed eigenvalues, a block at a time.

    What an algorithm is given does not depend, to the last bit, on those beside it.

    With ``only_good`` false the modes that are not certainly Schur and damped are summed as well,
    as the values of a rational function.
    """
    count = members(form)
    together = max(1, _BLOCK // max(1, weights.size))
    if count > together:
        groups = [slice(first, first + together) for first in range(0, count, together)]
        return join_batch(
            [sums_of_modes(take(form, x), lam, weights, tau2_share, only_good) for x in groups]
        )
    parts = []
    for start in range(0, weights.size, _BLOCK):
        piece = slice(start, start + _BLOCK)
        share = tau2_share[piece] if tau2_share.mid.ndim else tau2_share
        parts.append(_block(form, lam[piece], weights[piece], share, start, only_good))
    return join(parts)


def _block(
    form: ModeForm,
    lam: Ball,
    weights: Array,
    tau2_share: Ball,
    start: int,
    only_good: bool,
) -> NoiseSums:
    modes = mode_summands(form, lam)
    s = lam * modes.noise
    damping = 1 + tau2_share * s
    sure = modes.schur == 1
    positive, negative = damping.lower > 0, damping.upper <= 0
    good = sure & positive
    summed = good if only_good else np.ones_like(good)
    weighted = lam * weights / damping
    with np.errstate(invalid="ignore"):
        smallest = np.where(sure, np.broadcast_to(damping.mid, sure.shape), np.inf).min(axis=1)
    doubtful = ~good
    noise = output_noise = (weighted * modes.noise).where(summed).sum()
    if modes.output_noise is not modes.noise:
        output_noise = (weighted * modes.output_noise).where(summed).sum()
    return NoiseSums(
        schur=_least(modes.schur),
        damped=_least(np.where(good, 1, np.where(sure & negative, -1, 0))),
        noise=noise,
        output_noise=output_noise,
        smallest_damping=smallest,
        worst=np.where(doubtful.any(axis=1), start + doubtful.argmax(axis=1), -1),
    )


def _least(flags: Array) -> Array:
    """Return -1 where any is -1, else 0 where any is 0, else 1."""
    return np.asarray(flags.min(axis=1), dtype=np.int8)


def join(parts: Sequence[NoiseSums]) -> NoiseSums:
    """Add up the outcomes of disjoint sets of modes."""
    if len(parts) == 1:
        return parts[0]
    worst = np.stack([part.worst for part in parts])
    first = (worst >= 0).argmax(axis=0)
    return NoiseSums(
        schur=np.min([part.schur for part in parts], axis=0),
        damped=np.min([part.damped for part in parts], axis=0),
        noise=_stack([part.noise for part in parts]).sum(),
        output_noise=_stack([part.output_noise for part in parts]).sum(),
        smallest_damping=np.min([part.smallest_damping for part in parts], axis=0),
        worst=np.take_along_axis(worst, first[None], axis=0)[0],
    )


def join_batch(parts: Sequence[NoiseSums]) -> NoiseSums:
    """Return the outcomes of several batches of algorithms as one."""
    if len(parts) == 1:
        return parts[0]
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return NoiseSums(*map(_concatenated, columns))


def _concatenated(column: Sequence[Any]) -> Any:
    first, *_ = column
    if isinstance(first, Ball):
        return Ball(*(np.concatenate([getattr(x, key) for x in column]) for key in _BALL))
    return np.concatenate(column)


def _stack(balls: Sequence[Ball]) -> Ball:
    return Ball(*(np.stack([getattr(ball, key) for ball in balls], axis=1) for key in _BALL))
