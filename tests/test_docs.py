"""The code that the README and the docs show runs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md", "docs/explorer.md"])
def test_code_blocks_run(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert blocks
    exec(compile("\n".join(blocks), page, "exec"), {})


@pytest.mark.slow
def test_readme_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = ROOT / "docs" / "examples" / "digits.py"
    spec = importlib.util.spec_from_file_location("digits", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(tmp_path)
    assert capsys.readouterr().out.count("stable: the mean loss tends to 0") == 2
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["digits.nc", "digits.png", "fitted-power-law.nc"]
