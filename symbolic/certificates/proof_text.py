"""A proof as a person reads it: what was asked, the theorem, the steps with rounded numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from textwrap import wrap
from typing import Any

from sgdmem.symbolic.certificates.check import CheckedProof, check_proof, kind_of
from sgdmem.symbolic.certificates.law_modes import PowerLawModes, read_power_law
from sgdmem.symbolic.certificates.listed_modes import ListedModes, read_listed
from sgdmem.symbolic.certificates.periods import read_period
from sgdmem.symbolic.certificates.question import fractions, numbers, question
from sgdmem.symbolic.certificates.wording import number, plain

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
_DECREASE = [
    "What a step, or a period of steps, does to second moments is a linear map A, and keeps them "
    "positive semidefinite.",
    "(1) Let Y - A(Y) be positive definite. If Y is, too, A^n(Y) <= (1 - e)^n Y, and second "
    "moments tend to 0. If z Y z < 0 for some z they do not: the radius of A is at least 1, since "
    "otherwise Y would be the sum of all A^n(Y - A(Y)), which is positive.",
    "(2) Let X, not 0, and A(X) - X be positive semidefinite. The radius is at least 1, by "
    "A^n(X) >= X; it is 1 if X is positive definite and A(X) = X.",
    "(3) The radius is at least the square of that of the step, or period, without noise.",
]
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
        "steps": _period_parts,
        "rows": _rows_parts,
        "row_steps": _row_steps_parts,
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
    made = plain(proof.get("made", "written by no one who says so"))
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
    if found.claim == "boundary" and by == "noiseless":
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
                    f"A vector v = {numbers([x / max(vector) for x in vector])} is compared with "
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
    if _names_summand(proof, modes):
        n, d = (fractions(witness[key])[::-1] for key in ("numerator", "denominator"))
        last = "second" if found.claim == "boundary" else "largest"
        steps.append(
            f"s = lambda n / d with n = {_polynomial(n, 'lambda')} and "
            f"d = {_polynomial(d, 'lambda')}, which is positive up to the {last} eigenvalue."
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
            cuts = [str(piece["last"]) for piece in pieces[:-1]]
            to = ", ".join(cuts[:_FEW]) + (f", ... {cuts[-1]}" if len(cuts) > _FEW else "")
            where = f"on each of {len(pieces)} pieces" if cuts else "on all eigenvalues"
            steps.append(
                f"{f'Indices are cut after {to}. ' * bool(cuts)}A polynomial {where}, of degree at "
                f"most {degree}, is {side} s / (1 + tau2 s / B)."
            )
            again.append(
                f"That polynomials are {side} it, by Bernstein coefficients; and their sums over "
                "the indices, by Euler and Maclaurin's formula with bounds, in whole numbers."
            )
    endless = [_WITHOUT_END] if modes.count is None else []
    return [*_CONDITIONS, _SUM, *endless], steps, again


def _names_summand(proof: Any, modes: PowerLawModes) -> bool:
    """Whether a proof takes n and d."""
    by = _by(proof)
    if proof["claim"] == "boundary":
        return modes.count != 1
    first = by == "mode_noise" and proof["witness"]["index"] == 1
    return by not in ("noiseless", "trace") and not first


def _period_parts(proof: Any, found: CheckedProof) -> tuple[list[str], list[str], list[str]]:
    steps = ["Second moments are a matrix for each eigenvalue, and each step mixes them."]
    name = _held(proof, "" if read_period(proof).noise.is_quiet else "Y")
    if name:
        family = proof["witness"][name]
        size = len(family[0])
        steps.append(f"{name} has a matrix of size {size} for each of {len(family)} eigenvalues.")
    steps += _direction(proof, name)
    again = ["A step by step, in fractions; which matrices are positive definite, by pivots."]
    return _DECREASE, steps, again


def _rows_parts(proof: Any, found: CheckedProof) -> tuple[list[str], list[str], list[str]]:
    name = _held(proof, "Y" if "Y" in proof["witness"] else "")
    steps = [
        "Second moments are those of w and u in the coordinates of the rows: no eigenvalue is "
        "computed.",
        *([f"{name} is a matrix of size {len(proof['witness'][name])}."] if name else []),
        *_direction(proof, name),
    ]
    again = ["A from the rows, in FLINT's rational matrices."]
    if name == "Y":
        again.append(
            "That Y - A(Y), and Y, are positive definite: R of the file, or 1, makes R Y R^T a "
            "matrix whose diagonal is larger than the rest of each row."
        )
    elif name:
        again.append("That X, and A(X) - X, are semidefinite, by pivots.")
    else:
        again.append("Whether a step is strictly Schur, by its characteristic polynomial.")
    return _DECREASE, steps, again


def _row_steps_parts(proof: Any, found: CheckedProof) -> tuple[list[str], list[str], list[str]]:
    witness = proof["witness"]
    name = "X" if "X" in witness else "Y"
    count = 1 if name == "X" else len(witness["Y"]) + len(witness.get("Z", []))
    size = len(witness["X"] if name == "X" else witness["Y"][0])
    steps = [
        "Second moments are those of w and u in the coordinates of the rows: no eigenvalue is "
        "computed.",
        f"{name} has {count:,} matri{'x' if count == 1 else 'ces'} of size {size}"
        + ("." if name == "X" else ", each above what a step makes of the one before; Y is the "
           "first, and above the last."),
        *_direction(proof, name),
    ]  # fmt: skip
    if "Z" in witness:
        steps.insert(2, "Z are those without noise, of which workers have all in common: the last "
                     "is averaged with the last of Y.")  # fmt: skip
    again = [
        "Each step from the rows, in FLINT's rational matrices; that differences are positive "
        "definite, by diagonals that are larger than the rest of each row."
    ]
    return _DECREASE, steps, again


def _held(proof: Any, of_stable: str) -> str:
    """Return what a proof about second moments takes of them: X, Y, or nothing."""
    claim, witness = proof["claim"], proof["witness"]
    if claim == "stable":
        return of_stable
    if claim == "boundary" or "X" in witness:
        return "X"
    return "" if witness.get("by") == "noiseless" else "Y"


def _direction(proof: Any, name: str) -> list[str]:
    claim, witness = proof["claim"], proof["witness"]
    if not name:
        return ["Without noise the state itself is looked at: whether its steps are Schur."]
    if name == "X":
        if claim == "boundary":
            return ["X is positive definite, and A(X) = X."]
        return ["X and A(X) - X are positive semidefinite, and X is not 0."]
    if claim == "stable":
        return ["Y and Y - A(Y) are positive definite."]
    of = ""
    if kind_of(proof) == "steps":
        of = f" at {read_period(proof).noise.named(witness['eigenvalue'])},"
    z = numbers(fractions(witness["vector"]))
    return [f"Y - A(Y) is positive definite, and z Y z < 0{of} for z = {z}."]


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
