"""The code that the pages about training show runs, where PyTorch is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.test_docs import ROOT, run_code_blocks

PAGES = [ROOT / "docs" / "training.md", *sorted((ROOT / "docs" / "training").glob("*.md"))]
PAGES = [page for page in PAGES if "```python" in page.read_text()]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.stem, marks=[pytest.mark.slow] * (page.stem == "learning-rate"))
        for page in PAGES
    ],
)
def test_code_of_training_pages_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("torch", "optax"):
        if f"\nimport {package}\n" in page.read_text():
            pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)  # some write files
    run_code_blocks(page)
