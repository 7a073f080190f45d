"""A proof as a person reads it: what was asked, the theorem, the steps with rounded numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from textwrap import wrap
from typing import Any

from sgdmem.symbolic.certificates.check import CheckedProof, check_proof, kind_of
from sgdmem.symbolic.certificates.law_modes import PowerLawModes, read_power_law
from sgdmem.symbolic.certificates.listed_modes import ListedModes, read_listed
from sgdmem.symbolic.certificates.moments_text import period_parts, row_steps_parts, rows_parts
from sgdmem.symbolic.certificates.numbers_told import few
from sgdmem.symbolic.certificates.question import fractions, question
from sgdmem.symbolic.certificates.wording import number

_WIDTH = 100
_FEW = 5
_STEP = (
    "A step is w <- (1 - shrink) w - alpha g + b u, u <- c g + D u, where g is the gradient of a "
    "batch at w + a u."
)
_CIRCLE = (
    ", which is self-inversive and whose derivative is strictly Schur: all its roots lie on the "
    "unit circle (Cohn)."
)
_MEANING = {
    "stable": "second moments of w and its memory tend to 0 from every start",
    "unstable": "from some start second moments do not tend to 0",
    "boundary": "from some start second moments do not tend to 0",
    "open": "what decides it is between these bounds",
}
_CONDITIONS = (
    "It is stable if and only if",
    "(1) every P - lambda Q is strictly Schur: its roots lie inside the unit circle;",
    "(2) 1 + tau2 s / B > 0 for every eigenvalue, s = lambda^2 times the sum of the squared "
    "coefficients of Q / (P - lambda Q) at infinity;",
)
_SUM = (
    "(3) the noise sum is below 1: tau1 / B times the sum of s / (1 + tau2 s / B) over all modes."
)
_RADIUS = "(3) N = diag(s / (1 + tau2 s / B)) T diag(multiplicities) / B has a radius below 1."
_WITHOUT_END = (
    "Of eigenvalues without end this is about limits: D, too, must be strictly Schur, and the mean "
    "loss then tends to 0 from every start of finite loss without memory."
)
_FOUND_BY = (
    "P and Q by the recursion of Faddeev and LeVerrier; Schur tests and s by that of Astrom, Jury "
    "and Agniel; in fractions."
)


def proof_text(proof: Mapping[str, Any]) -> str:
    """Return the text of a proof, which is checked first; ProofError if it is none.

    Numbers that are rounded are marked with ~.
    """
    found, kind = check_proof(proof), kind_of(proof)
    parts = {
        "eigenvalues": _listed_parts,
        "power_law": _law_parts,
        "steps": period_parts,
        "rows": rows_parts,
        "row_steps": row_steps_parts,
    }
    theorem, steps, again = parts[kind](proof, found)
    sections = [
        ("Question", [*question(proof), _STEP]),
        ("Answer", [f"{found.verdict}: {_MEANING[found.claim]}."]),
        ('Theorem (docs, "The exact condition", "Proofs")', theorem),
        ("Steps", [f"{k}. {step}" for k, step in enumerate([*steps, f"So {found.found}."], 1)]),
        ("What the checker computes itself", again),
        ("What is assumed", _assumed(kind)),
    ]
    made = proof.get("made", "written by no one who says so")
    lines = [f"Proof, format {proof['version']}, {made}"]
    for title, paragraphs in sections:
        lines += ["", title]
        for paragraph in paragraphs:
            lines += wrap(paragraph, _WIDTH, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


def _polynomial(coefficients: Sequence[Fraction], variable: str = "x") -> str:
    """Return a polynomial, the highest power first.

    Examples
    --------
    >>> _polynomial([Fraction(1), Fraction(0), Fraction(-1, 2)])
    'x^2 - 0.5'
    """
    text = ""
    for k, x in zip(range(len(coefficients) - 1, -1, -1), coefficients, strict=True):
        if x:
            power = f"{variable}^{k}" if k > 1 else variable * k
            size = "" if abs(x) == 1 and k else number(abs(x))
            text += f" {'-' if x < 0 else '+'} {f'{size} {power}'.strip()}"
    return text.removeprefix(" + ").replace(" - ", "-", 1) if text[:3] == " - " else text[3:] or "0"


def _listed_parts(proof: Any, found: CheckedProof) -> tuple[list[str], list[str], list[str]]:
    modes, witness = read_listed(proof), proof["witness"]
    coupled, by = isinstance(modes.noise.feed, list), _by(proof)
    steps, from_file = _transfer(modes), "nothing else"
    if found.on_circle:
        from_file = "the factors that have roots on the circle"
        i = next(i for i, factor in enumerate(witness["on_circle"]) if len(factor) > 1)
        factor = _polynomial(fractions(witness["on_circle"][i]))
        steps.append(
            f"At {modes.noise.named(i)}, P - lambda Q is divided by {factor}{_CIRCLE} What is left "
            "is strictly Schur, everywhere."
        )
    elif by == "noiseless":
        i = witness["eigenvalue"]
        of = _polynomial(modes.mode.characteristic(modes.noise.eigenvalues[i]))
        steps.append(f"At {modes.noise.named(i)}, P - lambda Q is {of}.")
    elif by != "mode_noise" and not modes.noise.is_quiet:
        steps += _shares(modes)
        if coupled:
            from_file = "v"
            vector = fractions(witness["vector"])
            if any(vector):
                steps.append(
                    f"A vector v = {few([x / max(vector) for x in vector])} is compared with "
                    "N v: a radius below 1 if N v < v, at least 1 if N v >= v (Collatz and "
                    "Wielandt)."
                )
            if "sets" in witness:
                count, where = len(witness["sets"]), "N v < v in each"
                if found.claim == "boundary":
                    where = (
                        "N v < v in each, or N v = v; where v is 0 the checker finds the v that N "
                        "keeps itself"
                    )
                steps.append(
                    f"Of {count} set{'s' * (count > 1)} of eigenvalues none gets noise from a "
                    f"later one, so that the largest radius of a block is that of N: {where}."
                )
        elif "bits" in witness and found.claim != "boundary":
            bits, from_file = witness["bits"], "how far to round"
            steps.append(f"They are added in {bits} binary digits, rounded down and rounded up.")
        else:
            steps.append("They are added without rounding.")
    third = _RADIUS if coupled else _SUM
    return [*_CONDITIONS, third], steps, [_FOUND_BY, f"Of the file it takes {from_file}."]


def _by(proof: Mapping[str, Any]) -> str:
    """Return what makes a method unstable."""
    return str(proof["witness"].get("by")) if proof["claim"] in ("unstable", "boundary") else ""


def _transfer(modes: ListedModes | PowerLawModes) -> list[str]:
    mode = modes.mode
    return [f"P = {_polynomial(mode.P)}, Q = {_polynomial(mode.Q)}."]


def _shares(modes: ListedModes) -> list[str]:
    lam = modes.noise.eigenvalues
    found = [modes.damped(i) for i in range(len(lam))]
    largest = sorted(range(len(lam)), key=lambda i: -found[i])[:_FEW]
    texts = [f"{number(found[i])} at {number(lam[i])}" for i in largest]
    what = "The largest s / (1 + tau2 s / B)" if len(lam) > 1 else "s / (1 + tau2 s / B)"
    return [f"{what}: {', '.join(texts)}."]


def _law_parts(proof: Any, found: CheckedProof) -> tuple[list[str], list[str], list[str]]:
    modes, witness = read_power_law(proof), proof["witness"]
    steps, again = _transfer(modes), [_FOUND_BY]
    if modes.unit != 1:
        steps.insert(0, f"Eigenvalues are in units of {number(modes.unit)}, Q in their inverse.")
    if found.claim == "boundary":
        factor = _polynomial(fractions(witness["on_circle"]))
        steps.append(
            f"At {modes.named(1)}, P - lambda Q is divided by {factor}{_CIRCLE} What is left is "
            "strictly Schur."
        )
    if "numerator" in witness:
        n, d = (fractions(witness[key])[::-1] for key in ("numerator", "denominator"))
        last = "second" if found.claim == "boundary" else "largest"
        where = f"up to the {last} eigenvalue"
        if modes.cuts:
            where = f"on an interval of each run of eigenvalues, cut after {_cut(modes.cuts)}"
        steps.append(
            f"s = lambda n / d with n = {_polynomial(n, 'lambda')} and "
            f"d = {_polynomial(d, 'lambda')}, which is positive {where}."
        )
        again.append(
            "n and d are compared with s at more eigenvalues than their degrees allow to differ."
        )
    sides = {"boundary": [], "stable": ["above"], "open": ["above", "below"]}.get(
        found.claim, ["below"]
    )
    if modes.feed or modes.damping:
        for side in sides if _by(proof) in ("", "noise_sum") else []:
            pieces = witness[side]["pieces"]
            degree = max(len(piece["polynomial"]) for piece in pieces) - 1
            cuts = [piece["last"] for piece in pieces[:-1]]
            where = f"on each of {len(pieces)} pieces" if cuts else "on all eigenvalues"
            cut = f"Indices are cut after {_cut(cuts)}. " if cuts else ""
            steps.append(
                f"{cut}A polynomial {where}, of degree at "
                f"most {degree}, is {side} s / (1 + tau2 s / B)."
            )
            again.append(
                f"That polynomials are {side} it, by Bernstein coefficients; and their sums over "
                "the indices, by Euler and Maclaurin's formula with bounds, in whole numbers."
            )
    endless = [_WITHOUT_END] if modes.count is None else []
    return [*_CONDITIONS, _SUM, *endless], steps, again


def _cut(cuts: Sequence[int]) -> str:
    """Return the first few indices, and the last one."""
    return ", ".join(map(str, cuts[:_FEW])) + f", ... {cuts[-1]}" * (len(cuts) > _FEW)


def _assumed(kind: str) -> list[str]:
    who = "Python's whole numbers"
    if kind in ("rows", "row_steps"):
        who += ", and FLINT's rational matrices"
    return [
        "The loss is quadratic, and batches are drawn afresh in each step. Labels do not bear on "
        "stability; where the loss comes to rest is not proved.",
        "The numbers of the file are those that are meant: a float is its exact binary value.",
        f"The theorem, which has its proof in the docs; {who}; the checker's own code.",
    ]
