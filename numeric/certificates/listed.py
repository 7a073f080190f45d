"""Proofs about lists of rational eigenvalues: always decided, or on a boundary exactly."""

from __future__ import annotations

from typing import Any

from sgdmem.numeric.certificates.coupled import coupled_witness
from sgdmem.numeric.certificates.proof import Proof, proof_record, step_record, text, texts
from sgdmem.numeric.judges.exact_list import ExactFinding, ExactList
from sgdmem.numeric.judges.reason import Reason


def prove_listed(modes: ExactList) -> Proof:
    """Return the proof for an algorithm on a list of eigenvalues.

    Raises
    ------
    UndecidedError
        For coupled noise of many modes whose radius is extremely close to 1.
    """
    finding, witness = modes.before_noise(), dict[str, Any]()
    if finding is None and modes.noise.coupling is not None:
        finding, witness = coupled_witness(modes)
    finding = finding or modes.noise_side()
    claim = {Reason.STABLE: "stable", Reason.BOUNDARY: "boundary"}.get(finding.reason, "unstable")
    record = proof_record(
        claim,
        described(modes),
        witness or _witness(finding),
        algorithm=step_record(modes.algorithm),
    )
    return Proof(record)


def _witness(finding: ExactFinding) -> dict[str, Any]:
    bits = {} if finding.bits is None else {"bits": finding.bits}
    if finding.circles is not None:
        return {"by": "noiseless", "on_circle": [texts(factor) for factor in finding.circles]}
    if finding.reason is Reason.STABLE:
        return bits
    if finding.eigenvalue is None:
        return {"by": "noise_sum", **bits}
    return {"by": finding.reason.value, "eigenvalue": finding.eigenvalue}


def described(modes: ExactList) -> dict[str, Any]:
    """Return the eigenvalues and their noise as a proof holds them."""
    noise, tau2 = modes.noise, modes.noise.tau2
    each = tau2 if isinstance(tau2, tuple) else [tau2] * len(modes.eigenvalues)
    feed: dict[str, Any] = {"tau1": text(noise.tau1)}
    if noise.coupling is not None:
        feed = {"coupling": [texts(line) for line in modes.coupling]}
    return {
        "problem": {
            "eigenvalues": texts(modes.eigenvalues),
            "multiplicities": texts(modes.weights),
            "weight_decay": text(modes.weight_decay),
        },
        "noise": {**feed, "tau2": texts(each)},
        "inverse_batch_size": text(noise.inverse_batch),
    }
