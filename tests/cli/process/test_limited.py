"""Work in a process of its own has an end, and so has the check of a proof."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from sgdmem.cli.process.limited import within
from sgdmem.symbolic.errors import ProofError
from tests.cli.running import run


def refused(text: str) -> None:
    raise ProofError(text)


def one_operation() -> int:
    """Return a number that nothing in this process could stop from being computed."""
    return len(str(3 ** (10**9)))


def test_answers_errors_and_ends() -> None:
    assert within(20, max, 3, 5) == 5
    with pytest.raises(ProofError, match="no proof"):
        within(20, refused, "no proof")
    with pytest.raises(MemoryError):
        within(20, os._exit, 1)  # as where the system kills it


@pytest.mark.parametrize("work", [[one_operation], [time.sleep, 60]])
def test_what_takes_longer_is_stopped(work: Any) -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.1, *work)
    assert time.monotonic() - start < 5


@pytest.mark.slow
def test_a_file_that_asks_for_years(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """400 bytes, of numbers of a few digits: an eigenvalue of 270,000 binary digits."""
    proof = {
        "format": "sgdmem proof", "version": 1, "claim": "unstable", "inverse_batch_size": "1/2",
        "algorithm": {"alpha": "1/2", "b": [], "c": [], "D": [], "a": [], "shrink": "0"},
        "problem": {
            "power_law": {"scale": "1", "exponent": "1000", "count": None}, "weight_decay": "0",
        },
        "noise": {"tau1": "1", "tau2": "0"},
        "witness": {"by": "noiseless", "index": 10**40 - 1},
    }  # fmt: skip
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof))
    code, out, err = run(capsys, "check", str(path), "--timeout", "2")
    assert (code, out) == (1, "")
    assert err == f"not proved: {path} takes more than 2 s to check (--timeout)\n"
