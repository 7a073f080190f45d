"""The code that the README and the docs show runs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from sgdmem.numeric.theorems.registry import SYSTEMS

ROOT = Path(__file__).parents[2]


PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if "```python\n" in path.read_text()
    and not {"_build", "training"} & set(path.relative_to(ROOT).parts)
    and path.name != "training.md"  # pages of training are in test_training_pages.py
)


SLOW = {
    "docs/data.md",
    "docs/questions/how-fast.md",
    "docs/questions/what-does-it-look-like.md",
    "docs/systems/associative-memory.md",
    "docs/systems/compute-optimal.md",
    "docs/systems/dana.md",
    "docs/systems/deep-linear.md",
    "docs/systems/kaczmarz.md",
    "docs/systems/mem-sgd.md",
    "docs/systems/sparse-momentum.md",
}


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page in SLOW)) for page in PAGES]
)
def test_code_blocks_run(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    run_code_blocks(ROOT / page)


def run_code_blocks(page: Path) -> None:
    """Run the Python code of a page, one block after another."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert blocks
    exec(compile("\n".join(blocks), str(page), "exec"), {})


def example(name: str) -> Any:
    """Return a module of docs/examples."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.exhaustive
def test_pictures_of_the_questions(tmp_path: Path) -> None:
    pictures = example("pictures")
    pictures.main(tmp_path, quick=True)
    assert {path.name for path in tmp_path.iterdir()} == {
        *("root_locus.png", "noise_summand.png", "losses.png", "two_edges.png"),
        *("dana_losses.png", "adaptive_methods_all.png"),
        *(f"{name.replace('-', '_')}.png" for name in pictures.SYSTEMS),
    }


@pytest.mark.slow
def test_readme_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digits: Any = example("digits")
    digits.LEARNING_RATES, digits.MOMENTA = digits.LEARNING_RATES[::10], digits.MOMENTA[::10]
    digits.main(tmp_path)
    said = capsys.readouterr().out
    assert said.count("stable: the mean loss tends to 0") == 1
    assert said.count("estimated undecided: the noise is estimated") == 1
    assert "7.6 times too large" in said
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["digits.nc", "digits.png", "fitted-model.nc"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_theorem_pages_have_all_statements(system: str) -> None:
    text = (ROOT / f"docs/theorems/{system}.md").read_text()
    assert re.findall("^## (.*)$", text, re.MULTILINE) == list(SYSTEMS[system])
    assert "(not rejected)" not in text
    assert "**no**" not in text
