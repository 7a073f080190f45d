"""What a proof about second moments shows, as a person reads it: periods of steps, and data."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.certificates.check import CheckedProof, kind_of
from sgdmem.symbolic.certificates.numbers_told import few, matrix_told
from sgdmem.symbolic.certificates.periods import read_period
from sgdmem.symbolic.certificates.question import fractions

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


def period_parts(proof: Any, found: CheckedProof) -> tuple[list[str], list[str], list[str]]:
    """Return the theorem, the steps and what is computed, of a period on a list of eigenvalues."""
    steps = ["Second moments are a matrix for each eigenvalue, and each step mixes them."]
    name = _held(proof, "" if read_period(proof).noise.is_quiet else "Y")
    if name:
        family = proof["witness"][name]
        size = len(family[0])
        steps.append(f"{name} has a matrix of size {size} for each of {len(family)} eigenvalues.")
    steps += _direction(proof, name)
    again = ["A step by step, in fractions; which matrices are positive definite, by pivots."]
    return _DECREASE, steps, again


def rows_parts(proof: Any, found: CheckedProof) -> tuple[list[str], list[str], list[str]]:
    """Return the same of a step on data."""
    name = _held(proof, "Y" if "Y" in proof["witness"] else "")
    steps = [
        _coordinates(proof["witness"]),
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


def row_steps_parts(proof: Any, found: CheckedProof) -> tuple[list[str], list[str], list[str]]:
    """Return the same of a period on data."""
    witness = proof["witness"]
    name = "X" if "X" in witness else "Y"
    count = 1 if name == "X" else len(witness["Y"]) + len(witness.get("Z", []))
    size = len(witness["X"] if name == "X" else witness["Y"][0])
    steps = [
        _coordinates(witness),
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


def _coordinates(witness: Any) -> str:
    said = "Second moments are those of w and u in the coordinates of the rows: no eigenvalue is "
    if "basis" not in witness:
        return f"{said}computed."
    C = matrix_told([fractions(line) for line in witness["basis"]])
    return f"{said}computed. w = C q, with a basis C of what the rows span, {C}."


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
    z = few(fractions(witness["vector"]))
    return [f"Y - A(Y) is positive definite, and z Y z < 0{of} for z = {z}."]
