r"""The noise sums of algorithms over a spectrum, with error bounds.

.. math::
    U'_\Sigma = \frac{\tau_1}{B}\sum_k \frac{s_k}{1+(\tau_2/B)s_k}, \qquad
    U_\Sigma  = \frac{\tau_1}{B}\sum_k \frac{s^w_k}{1+(\tau_2/B)s_k}

(theory page, section "exact condition"; Theorem 2 of arXiv 2410.04228).

A long spectrum, a power law or a long list, is summed by a rule. A node of it need not be an
eigenvalue: what the recursion says there is a statement about eigenvalues only where the disks of
the rule exclude every change of sign between them. Where that fails (a pole of the summand lies
among the eigenvalues) more eigenvalues are taken one by one, and an instability counts only if it
is shown at an eigenvalue.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.listed_noise_sum import (
    NoiseSums,
    join,
    join_batch,
    sums_of_modes,
)
from sgdmem.numeric.noise_sums.long_memory import LongForm
from sgdmem.numeric.noise_sums.mode_summands import (
    ModeForm,
    ball_form,
    disk_bounds,
    is_schur_to,
    members,
    mode_summands,
    single,
)
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.power_law_quadrature import HEAD
from sgdmem.numeric.spectra.quadrature import LongSpectrum, bounded_rule
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.errors import InputError

_HEADS = tuple(HEAD * 8**i for i in range(4))
_GOAL = 1e-12  # relative error of the sum at which the rule is good enough
_MOST_WITNESSES = 64


def noise_sums(
    form: ModeForm, spectrum: Spectrum, tau2_share: Ball, *, spreads: bool = True
) -> NoiseSums:
    """Sum s / (1 + (tau2/B) s) over a spectrum, for a batch of algorithms.

    Parameters
    ----------
    form
        From `ball_form`, shape (A, 1).
    spectrum
        A list or a power law of any length.
    tau2_share
        tau2 / B: a single ball, or one for each eigenvalue of an explicit spectrum.
    spreads
        Whether the sums are wanted; otherwise they may be left out where all modes are strictly
        Schur.
    """
    if not spreads and is_schur_to(form, _upper_end(spectrum)):
        size = members(form)
        sure, nothing = np.ones(size, dtype=np.int8), Ball(np.zeros(size))
        return NoiseSums(sure, sure, nothing, nothing, np.ones(size), np.full(size, -1))
    long = spectrum.long if tau2_share.mid.ndim == 0 else None
    if long is not None:
        # one by one: the panels of the rule depend on the poles of each
        batch = range(members(form))
        return join_batch([_long_noise_sums(single(form, i), long, tau2_share) for i in batch])
    return sums_of_modes(form, *explicit_modes(spectrum), tau2_share)


def _upper_end(spectrum: Spectrum) -> float:
    """Return what no eigenvalue is above, their error bounds included."""
    law = spectrum.law
    lam = explicit_modes(spectrum)[0] if law is None else law.eigenvalues(np.ones(1))
    return float(lam.upper.max())


def explicit_modes(spectrum: Spectrum) -> tuple[Ball, Array]:
    """Return the eigenvalues of an explicit (or short) spectrum as balls, and their weights."""
    return Ball(spectrum.eigenvalues, spectrum.radii), spectrum.weights


def _long_noise_sums(form: ModeForm, spectrum: LongSpectrum, tau2_share: Ball) -> NoiseSums:
    """Return the noise sums of one algorithm (a form of shape (1, 1)) over a long spectrum."""
    for head in _HEADS:
        if spectrum.count is not None and spectrum.count <= 2 * head:
            return sums_of_modes(form, *spectrum.every(), tau2_share)
        found, may_improve = _with_head(form, spectrum, tau2_share, head)
        if not may_improve or (isinstance(form, LongForm) and not form.has_poles):
            break
    return found


def _is_sharp(part: Ball, total: Ball) -> bool:
    """Whether the error of the part by the rule is small against the total."""
    mid = float(total.mid[0])
    return float(part.rad[0]) <= _GOAL * abs(mid) or not np.isfinite(mid)


def _with_head(
    form: ModeForm, spectrum: LongSpectrum, tau2_share: Ball, head: int
) -> tuple[NoiseSums, bool]:
    """Take ``head`` eigenvalues one by one and the others by the rule.

    Returns the sums, and whether a longer head may say more.
    """

    def bound(disks: Ball) -> tuple[Array, Array]:
        return disk_bounds(form, disks, tau2_share, spectrum.power)

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
    if found.damped[0] == 1:
        return found, not _is_sharp(rest.noise, found.noise)
    return found, bool(found.damped[0] == 0)


def _shown_at_eigenvalues(
    form: ModeForm,
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


def compressed_noise_sum(
    algorithm: Algorithm, compressed: CompressedSpectrum
) -> tuple[float, float]:
    r"""Return :math:`\sum_k s_{\lambda_k}` by a compressed spectrum, and a proven error bound.

    Parameters
    ----------
    algorithm : Algorithm
        With numbers for all its entries, strictly stable without noise.
    compressed : CompressedSpectrum

    Raises
    ------
    InputError
        If a pole of the summand lies in the range of the spectrum or too close to it, so that
        there is no bound. `stability` has an answer also then.

    Examples
    --------
    >>> from sgdmem import heavy_ball
    >>> compressed = Spectrum.power_law(1.5).compress()
    >>> value, error = compressed_noise_sum(heavy_ball("0.1", "0.9"), compressed)
    >>> round(value, 6), error < 1e-12 * value
    (1.322379, True)
    """
    form, none = ball_form([numeric_algorithm(algorithm)]), Ball(np.array(0.0))
    nodes = Ball(compressed.nodes, compressed.node_spread * compressed.nodes)
    found = sums_of_modes(form, nodes, compressed.weights, none)
    bounds, _ = disk_bounds(form, Ball(compressed.centers, compressed.reaches), none)
    if found.schur[0] != 1:
        node = float(compressed.nodes[int(found.worst[0])])
        raise InputError(
            f"no error bound: the algorithm is not certainly stable at the node {node:.6g}; "
            f"ask stability() instead"
        )
    if not np.isfinite(bounds).all():
        worst = int(np.argmax(~np.isfinite(bounds)))
        low, high = (compressed.centers[worst] + x * compressed.reaches[worst] for x in (-1, 1))
        raise InputError(
            f"no error bound: a pole of the noise summand may lie between {low:.6g} and "
            f"{high:.6g}, where eigenvalues are compressed; ask stability() instead"
        )
    error = 1.01 * float((compressed.errors * bounds).sum())
    return float(found.noise.mid[0]), float(found.noise.rad[0]) + error
