"""The noise sums of one algorithm over a long spectrum: a power law, or a long list.

A node of the summation rule need not be an eigenvalue: what the recursion says there is a statement
about eigenvalues only where the disks of the rule exclude every change of sign between them.
Where that fails (a pole of the summand lies among the eigenvalues) more eigenvalues are taken one
by one, and an instability counts only if it is shown at an eigenvalue.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.spectra.power_law_rule import HEAD
from sgdmem.numeric.spectra.quadrature import LongSpectrum, bounded_rule
from sgdmem.numeric.verdicts.mode_summands import disk_bounds, mode_summands
from sgdmem.numeric.verdicts.noise_sum import NoiseSums, join, sums_of_modes
from sgdmem.symbolic.algebra.routh import HalfPlaneForm

_HEADS = tuple(HEAD * 8**i for i in range(4))
_GOAL = 1e-12  # relative error of the sum at which the rule is good enough
_MOST_WITNESSES = 64


def long_noise_sums(form: HalfPlaneForm, spectrum: LongSpectrum, tau2_share: Ball) -> NoiseSums:
    """Return the noise sums of one algorithm (a form of shape (1, 1)) over a long spectrum."""
    for head in _HEADS:
        if spectrum.count is not None and spectrum.count <= 2 * head:
            return sums_of_modes(form, *spectrum.every(), tau2_share)
        found, may_improve = _with_head(form, spectrum, tau2_share, head)
        if not may_improve:
            break
    return found


def _is_sharp(total: Ball) -> bool:
    mid, rad = float(total.mid[0]), float(total.rad[0])
    return rad <= _GOAL * abs(mid) or not np.isfinite(mid)


def _with_head(
    form: HalfPlaneForm, spectrum: LongSpectrum, tau2_share: Ball, head: int
) -> tuple[NoiseSums, bool]:
    """Take ``head`` eigenvalues one by one and the others by the rule.

    Returns the sums, and whether a longer head may say more.
    """

    def bound(disks: Ball) -> tuple[Array, Array]:
        return disk_bounds(form, disks, tau2_share)

    plain = spectrum.rule(head, spectrum.edges(head))
    head = min(head, plain.head)  # a steep law has a shorter one
    outcome = sums_of_modes(form, plain.nodes[:head], plain.weights[:head], tau2_share)
    if outcome.damped[0] != 1:  # a mode that is unstable or undecided stays so
        worst = np.array([int(plain.places[outcome.worst[0]])])
        return replace(outcome, worst=worst), False
    rule, bounds = bounded_rule(spectrum, head, bound)
    covered = all(np.isfinite(bound).all() for bound in bounds)
    rest = sums_of_modes(form, rule.nodes[head:], rule.weights[head:], tau2_share, only_good=False)
    if rest.damped[0] != 1 or not covered:
        rest = _shown_at_eigenvalues(form, spectrum, tau2_share, rest, rule.nodes[head:], head)
        covered = False
    error, output_error = (
        float((1.01 * rule.errors * bound).sum()) if covered else np.inf for bound in bounds
    )
    rest = replace(
        rest,
        noise=rest.noise + Ball(0.0, error),
        output_noise=rest.output_noise + Ball(0.0, output_error),
    )
    found = join([outcome, rest])
    return found, found.damped[0] == 0 or (found.damped[0] == 1 and not _is_sharp(found.noise))


def _shown_at_eigenvalues(
    form: HalfPlaneForm,
    spectrum: LongSpectrum,
    tau2_share: Ball,
    rest: NoiseSums,
    nodes: Ball,
    head: int,
) -> NoiseSums:
    """Replace what was found at nodes by what holds at eigenvalues beside the doubtful ones."""
    modes = mode_summands(form, nodes)
    damping = 1 + tau2_share * (nodes * modes.noise)
    suspect = (modes.schur == -1) | ((modes.schur == 1) & (damping.upper <= 0))
    eigenvalues, places = spectrum.beside(nodes.mid[suspect[0]][:_MOST_WITNESSES], head)
    unknown = np.zeros(1, dtype=np.int8)
    open_question = replace(rest, schur=unknown, damped=unknown, worst=np.array([head]))
    if places.size == 0:
        return open_question
    shown = sums_of_modes(form, eigenvalues, np.ones(places.size), tau2_share)
    if shown.schur[0] == -1 or shown.damped[0] == -1:
        return replace(
            open_question,
            schur=np.minimum(shown.schur, unknown),
            damped=np.minimum(shown.damped, unknown),
            worst=np.array([int(places[shown.worst[0]])]),
        )
    return open_question
