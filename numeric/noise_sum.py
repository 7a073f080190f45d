r"""The noise sums of algorithms over a spectrum, with error bounds.

.. math::
    U'_\Sigma = \frac{\tau_1}{B}\sum_k \frac{s_k}{1+(\tau_2/B)s_k}, \qquad
    U_\Sigma  = \frac{\tau_1}{B}\sum_k \frac{s^w_k}{1+(\tau_2/B)s_k}

(theory page, section "exact condition"; Theorem 2 of arXiv 2410.04228).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.numeric.mode_summands import disk_bounds, mode_summands
from sgdmem.numeric.power_law_rule import HEAD, bounded_rule, rule
from sgdmem.numeric.spectrum import Spectrum
from sgdmem.symbolic.routh import HalfPlaneForm

_LONGEST_EXPLICIT_LAW = 8 * HEAD
_BLOCK = 2**16  # entries of an (A, N) block that is held in memory at once


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


def noise_sums(form: HalfPlaneForm, spectrum: Spectrum, tau2_share: Ball) -> NoiseSums:
    """Sum s / (1 + (tau2/B) s) over a spectrum, for a batch of algorithms.

    Parameters
    ----------
    form
        From `ball_form`, shape (A, 1).
    spectrum
        Explicit, or a power law of any length.
    tau2_share
        tau2 / B: a single ball, or one for each eigenvalue of an explicit spectrum.
    """
    if is_long(spectrum):
        return _over_law(form, spectrum, tau2_share)
    lam, weights = explicit_modes(spectrum)
    parts = []
    batch = form.pull.mid.shape[0]
    width = max(1, _BLOCK // batch)
    for start in range(0, weights.size, width):
        piece = slice(start, start + width)
        share = tau2_share[piece] if tau2_share.mid.ndim else tau2_share
        parts.append(_sum_modes(form, lam[piece], weights[piece], share, start))
    return _join(parts)


def is_long(spectrum: Spectrum) -> bool:
    """Whether a spectrum is summed by the rule of its power law instead of term by term."""
    law = spectrum.law
    return law is not None and (law.count is None or law.count > _LONGEST_EXPLICIT_LAW)


def float_modes(spectrum: Spectrum) -> tuple[Array, Array]:
    """Return eigenvalues and weights, or the nodes and weights of a long power law, as floats."""
    if spectrum.law is not None and is_long(spectrum):
        nodes = rule(spectrum.law)
        return nodes.nodes.mid, nodes.weights
    return spectrum.eigenvalues, spectrum.weights


def explicit_modes(spectrum: Spectrum) -> tuple[Ball, Array]:
    """Return the eigenvalues of an explicit (or short) spectrum as balls, and their weights."""
    return Ball(spectrum.eigenvalues, spectrum.radii), spectrum.weights


def _sum_modes(
    form: HalfPlaneForm, lam: Ball, weights: Array, tau2_share: Ball, start: int = 0
) -> NoiseSums:
    modes = mode_summands(form, lam)
    s = lam * modes.noise
    damping = 1 + tau2_share * s
    sure = modes.schur == 1
    positive, negative = damping.lower > 0, damping.upper <= 0
    good = sure & positive
    weighted = lam * weights / damping
    with np.errstate(invalid="ignore"):
        smallest = np.where(sure, np.broadcast_to(damping.mid, sure.shape), np.inf).min(axis=-1)
    doubtful = ~good
    return NoiseSums(
        schur=_least(modes.schur),
        damped=_least(np.where(good, 1, np.where(sure & negative, -1, 0))),
        noise=_where(good, weighted * modes.noise).sum(),
        output_noise=_where(good, weighted * modes.output_noise).sum(),
        smallest_damping=smallest,
        worst=np.where(doubtful.any(axis=-1), start + doubtful.argmax(axis=-1), -1),
    )


def _least(flags: Array) -> Array:
    """Return -1 where any is -1, else 0 where any is 0, else 1."""
    return np.asarray(flags.min(axis=-1), dtype=np.int8)


def _where(mask: Array, ball: Ball) -> Ball:
    return Ball(np.where(mask, ball.mid, 0.0), np.where(mask, ball.rad, 0.0))


def _join(parts: list[NoiseSums]) -> NoiseSums:
    """Add up the outcomes of disjoint sets of modes."""
    worst = np.stack([part.worst for part in parts])
    first = (worst >= 0).argmax(axis=0)
    return NoiseSums(
        schur=np.min([part.schur for part in parts], axis=0),
        damped=np.min([part.damped for part in parts], axis=0),
        noise=_total([part.noise for part in parts]),
        output_noise=_total([part.output_noise for part in parts]),
        smallest_damping=np.min([part.smallest_damping for part in parts], axis=0),
        worst=np.take_along_axis(worst, first[None], axis=0)[0],
    )


def _total(balls: list[Ball]) -> Ball:
    mid = np.stack([ball.mid for ball in balls], axis=-1)
    return Ball(mid, np.stack([ball.rad for ball in balls], axis=-1)).sum()


def _over_law(form: HalfPlaneForm, spectrum: Spectrum, tau2_share: Ball) -> NoiseSums:
    """Treat the algorithms one by one: the panels of the rule depend on the poles of each."""
    outcomes = [
        _one_over_law(take(form, slice(index, index + 1)), spectrum, tau2_share)
        for index in range(form.pull.mid.shape[0])
    ]
    return NoiseSums(
        schur=np.concatenate([outcome.schur for outcome in outcomes]),
        damped=np.concatenate([outcome.damped for outcome in outcomes]),
        noise=_stack([outcome.noise for outcome in outcomes]),
        output_noise=_stack([outcome.output_noise for outcome in outcomes]),
        smallest_damping=np.concatenate([outcome.smallest_damping for outcome in outcomes]),
        worst=np.concatenate([outcome.worst for outcome in outcomes]),
    )


def _one_over_law(form: HalfPlaneForm, spectrum: Spectrum, tau2_share: Ball) -> NoiseSums:
    law = spectrum.law
    assert law is not None
    # The head decides most unstable cases at once, and only there a pole can lie on the real axis.
    head = Spectrum.power_law(law.exponent, law.scale, HEAD)
    lam, weights = explicit_modes(head)
    outcome = _sum_modes(form, lam, weights, tau2_share)
    if outcome.schur[0] == -1 or outcome.damped[0] == -1:
        return outcome

    def bound(disks: Ball) -> tuple[Array, Array]:
        return disk_bounds(form, disks, tau2_share)

    rule, covered, error, output_error = bounded_rule(law, bound)
    rest = _sum_modes(form, rule.nodes[HEAD:], rule.weights[HEAD:], tau2_share, HEAD)
    if not covered:  # between the nodes something may happen that no disk could exclude
        unknown = np.zeros(1, dtype=np.int8)
        rest = replace(
            rest, schur=np.minimum(rest.schur, unknown), damped=np.minimum(rest.damped, unknown)
        )
    rest = replace(
        rest,
        noise=rest.noise + Ball(0.0, error),
        output_noise=rest.output_noise + Ball(0.0, output_error),
    )
    return _join([outcome, rest])


def _stack(balls: list[Ball]) -> Ball:
    return Ball(
        np.concatenate([ball.mid for ball in balls]), np.concatenate([ball.rad for ball in balls])
    )


def take(form: HalfPlaneForm, piece: slice) -> HalfPlaneForm:
    """Return some of a batch of forms."""
    return map_form(form, lambda entry: entry[piece])


def map_form(form: HalfPlaneForm, function: Callable[[Any], Any]) -> HalfPlaneForm:
    """Return the form with ``function`` applied to every entry; Q_output stays Q if it was."""
    Q = tuple(map(function, form.Q))
    return HalfPlaneForm(
        tuple(map(function, form.fixed)),
        tuple(map(function, form.moving)),
        function(form.pull),
        Q,
        Q if form.Q_output is form.Q else tuple(map(function, form.Q_output)),
    )


def midpoint_form(form: HalfPlaneForm) -> HalfPlaneForm:
    """Return the form with plain float coefficients, for root finding without bounds."""
    return map_form(form, lambda entry: entry.mid)
