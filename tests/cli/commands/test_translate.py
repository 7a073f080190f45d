"""The commands ``sgdmem translate`` and ``sgdmem algorithms``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import run

SYMMETRIC = """
import sgdmem

@sgdmem.method(losses="quadratic")
def symmetric(w, v, gradient, *, lr, beta):
    v = beta * v - lr / 2 * (gradient(w + v) + gradient(w - v))
    return w + v, v
"""


def test_translations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "translate", "nesterov", "--to", "qhm")
    assert code == 0
    assert out.splitlines() == [
        "nesterov is qhm on quadratics, where it takes gradients, with",
        "  learning_rate = learning_rate/(1 - momentum)",
        "  momentum      = momentum",
        "  nu            = momentum",
    ]
    for name, said in (
        ("pid", "pid is qhm on every loss with"),
        ("averaged-sgd", "averaged-sgd is sgd on quadratics, where it takes gradients, with"),
    ):
        assert run(capsys, "translate", name)[1].startswith(said + "\n")
    own = tmp_path / "own.py"
    own.write_text(SYMMETRIC)
    out = run(capsys, "translate", f"{own}:symmetric")[1]
    assert out.startswith("symmetric is heavy-ball on quadratics with\n")
    for arguments, message in (
        (["nesterov", "--to", "heavy-ball"], "no heavy-ball has the recurrence"),
        (["ademamix"], "ademamix is none of sgd"),
        (["sgd", "--fix", "momentum=0"], "--fix belongs to --to"),
    ):
        code, _, err = run(capsys, "translate", *arguments)
        assert code == 2 and message in err


def test_the_list_of_algorithms(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "algorithms")
    assert "torch-sgd(learning_rate, momentum=0, dampening=0, nesterov=False)" in out
    assert "J. Ma and D. Yarats, ICLR, arXiv 1810.06801 (2019)" in out
