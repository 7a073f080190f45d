"""A proof as an object: what it claims, and how it is written, read and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sgdmem.numeric.judges.reason import Reason
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.certificates.check import (
    FORMAT,
    MOST_BYTES,
    VERSION,
    CheckedProof,
    check_proof,
    read_proof,
)
from sgdmem.symbolic.certificates.proof_text import proof_text
from sgdmem.symbolic.certificates.question import question_lines
from sgdmem.symbolic.errors import InputError, ProofError, shown
from sgdmem.symbolic.files.marks import SIGNATURE
from sgdmem.symbolic.files.whole_files import write_text

_HALF = Fraction(1, 2)
_OTHER_LETTERS = re.compile(r"[^A-Za-z0-9 ()+.,'_-]+")
_REASONS = {
    "stable": Reason.STABLE,
    "boundary": Reason.BOUNDARY,
    "open": Reason.UNDECIDED_NOISE_SUM,
    "noiseless": Reason.NOISELESS,
    "mode_noise": Reason.MODE_NOISE,
    "trace": Reason.TRACE_DIVERGES,
}
_STABLE = {"stable": True, "unstable": False, "boundary": False, "open": None}


@dataclass(frozen=True)
class Proof:
    """A proof that an algorithm is stable on a problem at a batch size, or that it is not.

    Attributes
    ----------
    record : dict
        All that it consists of, as JSON holds it: the algorithm, the problem, the noise, the claim
        and what witnesses it. Numbers are texts such as "-3/4".

    Examples
    --------
    >>> from sgdmem import Spectrum, certify, heavy_ball
    >>> proof = certify(heavy_ball("0.1", "0.9"), Spectrum([4, 1]), batch_size=8)
    >>> proof.stable, proof.claim
    (True, 'stable')
    >>> print(str(proof.check()).partition(", between")[0])
    proved stable: every mode is strictly Schur, and the noise sum
    """

    record: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not isinstance(self.record, Mapping):
            raise InputError(
                f"record must be a mapping as JSON of a proof has it, got {shown(self.record)}; "
                "Proof.load reads a file"
            )

    @classmethod
    def load(cls, path: Any) -> Proof:
        """Read what `save` has written, and check it.

        Raises
        ------
        ProofError
            If it does not prove what it claims, or is no proof of this version.
        """
        found = cls(read_proof(path))
        found.check()
        return found

    @property
    def claim(self) -> str:
        """What is proved: "stable", "unstable", "boundary" (not stable either) or "open".

        ProofError if the checker does not accept it, as for `stable` and `reason`.
        """
        return self.checked.claim

    @property
    def stable(self) -> bool | None:
        """Whether it proves stability; None where it has bounds only."""
        return _STABLE[self.claim]

    @property
    def reason(self) -> Reason:
        """As of a verdict."""
        claim = self.claim
        by = self.record["witness"].get("by") if claim == "unstable" else claim
        if by == "trace" and Fraction(self.record["problem"]["power_law"]["exponent"]) <= _HALF:
            return Reason.SQUARES_DIVERGE
        return _REASONS.get(by, Reason.NOISE_SUM)

    @cached_property
    def checked(self) -> CheckedProof:
        """What the checker finds; made once."""
        return check_proof(self.record)

    @property
    def is_accepted(self) -> bool:
        """Whether the checker finds that it proves what it claims."""
        try:
            self.check()
        except ProofError:
            return False
        return True

    def check(self) -> CheckedProof:
        """Check it by exact arithmetic, with no code of those who made it; see `check_proof`."""
        return self.checked

    def save(self, path: Any) -> None:
        """Write it as JSON, which `sgdmem.proofs.check_proof` and ``sgdmem check`` read.

        Raises
        ------
        InputError
            If it is longer than what these read.
        """
        text = f"{json.dumps(self.record, ensure_ascii=True, indent=1)}\n"
        if len(text) > MOST_BYTES:
            raise InputError(
                f"a proof in a file has at most {MOST_BYTES:,} bytes, this one {len(text):,}"
            )
        write_text(path, text)

    def to_dict(self) -> dict[str, Any]:
        """Return what it proves of what as JSON-ready values, without the proof itself."""
        return {
            "claim": self.claim,
            "stable": self.stable,
            "reason": self.reason.value,
            "explanation": self.check().found,
            "question": "; ".join(question_lines(self.record)),
        }

    @property
    def text(self) -> str:
        """The proof as a person reads it: question, theorem, steps with rounded numbers, limits."""
        return proof_text(self.record)

    def __str__(self) -> str:
        return str(self.checked)

    def __repr__(self) -> str:
        return f"<proof, {self}>"


def proof_record(
    claim: str, asked: Mapping[str, Any], witness: Mapping[str, Any], **method: Any
) -> dict[str, Any]:
    """Return what a proof consists of.

    ``asked`` has the problem, the noise and one over the batch size; ``method`` an algorithm, or
    steps.
    """
    head = {"format": FORMAT, "version": VERSION, "made": SIGNATURE, "claim": claim}
    return {**head, **method, **asked, "witness": witness}


def step_record(algorithm: Algorithm) -> dict[str, Any]:
    """Return an algorithm as a proof holds it."""
    blocks = algorithm.blocks
    return {
        "name": " ".join(_OTHER_LETTERS.sub(" ", algorithm.label).split())[:100],
        "alpha": text(blocks.alpha),
        "b": texts(blocks.b),
        "c": texts(blocks.c),
        "D": [texts(line) for line in blocks.D],
        "a": texts(blocks.a),
        "shrink": text(blocks.shrink),
    }


def text(value: Any) -> str:
    """Return a rational number of any kind as a proof writes it.

    Examples
    --------
    >>> from fractions import Fraction
    >>> text(Fraction(-3, 4))
    '-3/4'
    """
    return str(value)


def texts(values: Iterable[Any]) -> list[str]:
    """Return several."""
    return [text(value) for value in values]


def matrix_texts(values: Any) -> list[list[str]]:
    """Return the lines of a matrix, of FLINT or of an array."""
    return [texts(line) for line in values.tolist()]
