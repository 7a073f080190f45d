"""Proofs about power laws: modes by themselves, and bounds of the noise sum by polynomials."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sgdmem.numeric.certificates.law_pieces import (
    bits_for,
    noise_sum_of,
    summand_pieces,
    written_pieces,
)
from sgdmem.numeric.certificates.law_problem import MOST_INDEX, LawProblem
from sgdmem.numeric.certificates.proof import Proof, proof_record, step_record, text, texts
from sgdmem.numeric.judges.exact_list import circle_factor
from sgdmem.numeric.noise_sums.mode_summands import decayed_form
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.errors import UndecidedError
from sgdmem.symbolic.stability.schur import is_schur_form

_LIMITS = (Fraction(1, 4), *(Fraction(1, 10**k) for k in (2, 4, 8, 16, 24, 31, 40, 60)))


def prove_power_law(problem: LawProblem) -> Proof:
    """Return the proof for an algorithm on a power law.

    Raises
    ------
    UndecidedError
        If the noise summand has poles between eigenvalues, or too close to one or to 0.
    """
    problem = problem.in_unit()
    law, noise = problem.law, problem.noise
    unstable = _noiseless(problem)
    if unstable is not None:
        return unstable
    if law.count is None and noise.spreads and law.exact[0] <= problem.least_exponent:
        return _proof(problem, "unstable", {"by": "trace"})
    witness = problem.fraction_witness
    if noise.is_none:
        return _proof(problem, "stable", witness)
    if noise.largest_tau2 < 0:  # s is largest at an end, or nearly so
        for k in (1, law.count or 1):
            of = {**(witness if k > 1 else {}), "by": "mode_noise", "index": k}
            proof = _proof(problem, "unstable", of)
            if proof.is_accepted:
                return proof
    return _by_noise_sum(problem, witness)


def _by_noise_sum(problem: LawProblem, witness: dict[str, Any]) -> Proof:
    """Return the proof by bounds that are closer and closer, or the closest bounds."""
    bounds = list[dict[str, Any]]()
    if not any(problem.raw_fraction[0]):
        raise UndecidedError("no gradient moves w: of such methods no power laws are proved")
    for target in _LIMITS:
        try:
            pieces, bits = summand_pieces(problem, target), bits_for(target)
        except UndecidedError:
            if not bounds:
                raise
            break
        low, high = (noise_sum_of(problem, pieces, above, bits) for above in (False, True))
        below, above = (written_pieces(problem, pieces, above, bits) for above in (False, True))
        if high < 1:
            proof = _proof(problem, "stable", {**witness, "above": above})
        elif low > 1:
            proof = _proof(problem, "unstable", {**witness, "by": "noise_sum", "below": below})
        else:
            bounds.append({**witness, "below": below, "above": above})
            continue
        if proof.is_accepted:
            return proof
    for both in reversed(bounds):
        proof = _proof(problem, "open", both)
        if proof.is_accepted:
            break
    return proof


def _noiseless(problem: LawProblem) -> Proof | None:
    """Return the proof that a mode is not strictly Schur; None if all seem to be."""
    law, form = problem.law, decayed_form(problem.algorithm, problem.weight_decay)
    if not is_schur_form(form, law.exact[1]):
        circle = circle_factor(problem.characteristic)
        if circle is not None and any(problem.raw_fraction[1]):
            others = problem.fraction_witness if law.count != 1 else {}
            witness = {**others, "on_circle": texts(list(circle)[::-1])}
            proof = _proof(problem, "boundary", witness)
            if proof.is_accepted:
                return proof
        return _proof(problem, "unstable", {"by": "noiseless", "index": 1})
    suspects = _suspects(problem, form)
    proofs = (_proof(problem, "unstable", {"by": "noiseless", "index": k}) for k in suspects)
    return next((proof for proof in proofs if proof.is_accepted), None)


def _suspects(problem: LawProblem, form: HalfPlaneForm) -> Iterator[int]:
    """Yield indices of eigenvalues between poles of s where modes are not strictly Schur."""
    exponent, most = problem.law.exponent, problem.law.count or math.inf
    scale = float(problem.law.exact[1])
    ends = sorted({x for x in problem.poles if 0 < x < scale} | {0.0, scale})
    for low, high in pairwise(ends):
        if is_schur_form(form, Fraction((low + high) / 2)):
            continue
        first = (scale / high) ** (1 / exponent)
        last = min((scale / low) ** (1 / exponent) if low else 4 * first + 4, most, MOST_INDEX)
        for k in {round(math.sqrt(first * last)), math.ceil(first), math.floor(last)}:
            if 1 <= k <= most:
                yield k


def _proof(problem: LawProblem, claim: str, witness: dict[str, Any]) -> Proof:
    law, noise, unit = problem.law, problem.noise, problem.unit
    exponent, scale = law.exact
    law_record = {"scale": text(unit * scale), "exponent": text(exponent), "count": law.count}
    asked = {
        "problem": {"power_law": law_record, "weight_decay": text(unit * problem.weight_decay)},
        "noise": {"tau1": text(noise.tau1), "tau2": text(noise.tau2)},
        "inverse_batch_size": text(noise.inverse_batch),
    }
    method = step_record(problem.algorithm if unit == 1 else problem.algorithm.scaled(1 / unit))
    return Proof(proof_record(claim, asked, witness, algorithm=method))
