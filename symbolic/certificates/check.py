"""The check of a proof: whether what it claims is true of the algorithm and problem in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sgdmem.symbolic.certificates import (
    law_modes,
    listed_modes,
    noise_sums,
    periods,
    power_laws,
    sampled_periods,
    sampled_steps,
    samples,
)
from sgdmem.symbolic.certificates.fields import AbsentError, field, label
from sgdmem.symbolic.certificates.used_keys import UsedKeys
from sgdmem.symbolic.errors import InputError, ProofError, shown

FORMAT, VERSION = "sgdmem proof", 1
MOST_BYTES = 2**28
_TWICE = "a name stands twice in the same record"

_VERDICTS = {
    "stable": "proved stable",
    "unstable": "proved not stable",
    "boundary": "proved not stable, exactly on the boundary of stability",
    "open": "undecided, bounds alone are proved",
}
_NOISELESS_BOUNDARY = "proved not stable, on the boundary of stability without noise"
_ABOUT = {
    "eigenvalues": "a list of eigenvalues",
    "steps": "a period",
    "row_steps": "a period on data",
    "power_law": "a power law",
    "rows": "data",
}
_Checks: TypeAlias = Mapping[str, Callable[[Any, Any], str]]
_KINDS: Mapping[str, tuple[Callable[[Any], Any], _Checks]] = {
    "eigenvalues": (
        listed_modes.read_listed,
        {
            "stable": noise_sums.check_stable,
            "unstable": noise_sums.check_unstable,
            "boundary": noise_sums.check_boundary,
        },
    ),
    "steps": (
        periods.read_period,
        {
            "stable": periods.check_stable,
            "unstable": periods.check_unstable,
            "boundary": periods.check_boundary,
        },
    ),
    "row_steps": (
        sampled_periods.read_sampled_period,
        {
            "stable": sampled_periods.check_stable,
            "unstable": sampled_periods.check_unstable,
            "boundary": sampled_periods.check_boundary,
        },
    ),
    "power_law": (
        law_modes.read_power_law,
        {
            "stable": power_laws.check_stable,
            "unstable": power_laws.check_unstable,
            "boundary": power_laws.check_boundary,
            "open": power_laws.check_open,
        },
    ),
    "rows": (
        sampled_steps.read_samples,
        {
            "stable": samples.check_stable,
            "unstable": samples.check_unstable,
            "boundary": samples.check_boundary,
        },
    ),
}


@dataclass(frozen=True)
class CheckedProof:
    """What a proof proves.

    Attributes
    ----------
    claim : str
        "stable", "unstable", "boundary" (not stable, but exactly at the limit, or at that of what
        is stable without noise) or "open" (only bounds are proved).
    found : str
        What was checked, as a sentence.
    on_circle : bool
        Whether the boundary is that without noise: a root is on the unit circle, none outside.
    """

    claim: str
    found: str
    on_circle: bool = False

    @property
    def verdict(self) -> str:
        """The claim in words."""
        return _NOISELESS_BOUNDARY if self.on_circle else _VERDICTS[self.claim]

    def __str__(self) -> str:
        return f"{self.verdict}: {self.found}"


def check_proof(proof: Any) -> CheckedProof:
    """Check a proof by exact arithmetic, without the code that makes proofs or verdicts.

    Parameters
    ----------
    proof : dict, Proof, or path of a file of JSON
        As `sgdmem.certify` makes it; of a Proof its ``record``.

    Returns
    -------
    CheckedProof

    Raises
    ------
    ProofError
        If it does not prove what it claims, or is no proof of this version.
    InputError
        If it is nothing of that kind.

    Examples
    --------
    >>> sgd = dict(alpha="1/2", b=[], c=[], D=[], a=[], shrink="0")
    >>> proof = dict(
    ...     format="sgdmem proof",
    ...     version=1,
    ...     algorithm=sgd,
    ...     inverse_batch_size="1/2",
    ...     problem=dict(eigenvalues=["1", "1/2"], multiplicities=["1", "1"], weight_decay="0"),
    ...     noise=dict(tau1="1", tau2=["0", "0"]),
    ...     claim="stable",
    ...     witness={},
    ... )
    >>> print(check_proof(proof))
    proved stable: every mode is strictly Schur, and the noise sum, 0.238095238095, is below 1
    """
    given = getattr(proof, "record", proof)
    whole = given if isinstance(given, Mapping) else read_proof(given)
    record = UsedKeys(whole)
    if record.get("format") != FORMAT:
        raise ProofError(
            f'a proof has "format": "{FORMAT}", this has {shown(record.get("format"))}'
        )
    version = record.get("version")
    if type(version) is not int or version != VERSION:  # True and 1.0 are equal to 1
        raise ProofError(
            f"this is a proof of version {shown(version)}, and the checker is for "
            f"version {VERSION}: make it anew, or check it with the sgdmem that made it"
        )
    kind = kind_of(record)
    label(record, "made")
    read, checks = _KINDS[kind]
    claim, witness = (field(record, name) for name in ("claim", "witness"))
    if not isinstance(claim, str) or claim not in checks:
        raise ProofError(f"the claim must be {', '.join(checks)}, got {shown(claim)}")
    if not isinstance(witness, Mapping):
        raise ProofError(f"the witness must have names, got {shown(witness)}")
    question = read(record)
    try:
        found = checks[claim](question, witness)
    except AbsentError as error:
        raise ProofError(f"this is no witness of the claim {claim!r}: {error}") from None
    by = whole["witness"].get("by")
    record.require_used(
        f"about {_ABOUT[kind]} with claim {claim!r}{f' by {shown(by)}' if by else ''}"
    )
    circle = kind == "power_law" or (kind == "eigenvalues" and by == "noiseless")
    return CheckedProof(claim, found, on_circle=claim == "boundary" and circle)


def kind_of(record: Mapping[str, Any]) -> str:
    """Return what it is about: "eigenvalues", a "power_law", "rows", "steps", or "row_steps"."""
    kind = _kind(field(record, "problem"))
    if "steps" not in record:
        if "workers" in record:
            raise ProofError("workers are averaged after a period, and the proof has no 'steps'")
        return kind
    found = {"eigenvalues": "steps", "rows": "row_steps"}.get(kind)
    if found is None or "algorithm" in record:
        raise ProofError("steps are of no single algorithm, and on a list of eigenvalues or rows")
    return found


def _kind(problem: Any) -> str:
    names = [name for name in _KINDS if not name.endswith("steps")]
    kinds = [name for name in names if name in problem] if isinstance(problem, Mapping) else []
    if len(kinds) != 1:
        raise ProofError(f"the problem must have one of {', '.join(names)}")
    return kinds[0]


def read_proof(file: Any) -> Mapping[str, Any]:
    """Return what a file holds, which may be no proof; ProofError if that cannot be."""
    try:
        path = Path(file)
    except TypeError:
        raise InputError(
            f"a proof is a Proof, its record, or the path of its file, got {shown(file)}"
        ) from None
    try:
        with path.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)  # devices have no size
        if len(text) > MOST_BYTES:
            raise ProofError(f"{path} is longer than {MOST_BYTES:,} bytes, the limit of a proof")
        record = json.loads(text.decode(), object_pairs_hook=_named_once)
    except OSError as error:
        told = "it is a folder" if isinstance(error, IsADirectoryError) else error.strerror
        raise ProofError(f"{path} is no proof that can be read: {told}") from None
    except (ValueError, RecursionError) as error:
        raise ProofError(f"{path} is no proof: {_why_no_json(error)}") from None
    if not isinstance(record, Mapping):
        raise ProofError(f"{path} is no proof: it holds {shown(record)}")
    return record


def _why_no_json(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        if not error.doc.strip():
            return "it is empty"
        return f"it is no JSON, at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    if isinstance(error, RecursionError):
        return "its lists are nested too deeply"
    return str(error) if str(error) == _TWICE else "a number in it is too long"


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a record, in which no name hides another entry of the same name."""
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError(_TWICE)
    return record
