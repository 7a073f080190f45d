"""The command ``sgdmem largest-learning-rate``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import LAW, run


def test_largest_learning_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    command = ["largest-learning-rate", "heavy-ball", "--set", "momentum=0.9"]
    _, out, _ = run(capsys, *command, "--power-law", "2", "--json")
    assert json.loads(out)["largest"] == pytest.approx(3.8, rel=1e-12)
    features = tmp_path / "features.npy"
    np.save(features, rng.normal(size=(200, 5)))
    given = ["--data", str(features), "--batch-size", "8"]
    assert "tau2 = -1.002" in run(capsys, *command, *given, "--fit-noise")[1]
    assert "200 samples" in run(capsys, *command, *given)[1]


def test_nothing_is_stable_for_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["largest-learning-rate", "sgd", "--batch-size", "4"]
    assert "infinite sum" in run(capsys, *command, "--power-law", "0.8")[1]
    _, out, _ = run(
        capsys,
        *["largest-learning-rate", "heavy-ball", "--set", "learning_rate=0.1", *LAW],
        *["--parameter", "momentum", "--search", "0:0.5"],
    )
    assert "(where the search ended)" in out
