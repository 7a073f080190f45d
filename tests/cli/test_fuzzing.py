"""Generated commands end with a verdict, or with one line that says why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.fuzzing import run_many, wrong

COUNT, SECONDS = 100, 1.5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_generated_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ends = list(run_many(tmp_path, 26, COUNT, SECONDS))
    assert [(wrong(x), x.arguments, x.err) for x in ends if wrong(x) is not None] == []
    assert len({x.code for x in ends}) > 1
