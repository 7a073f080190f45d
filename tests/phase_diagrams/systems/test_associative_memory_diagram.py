"""The diagram of recovered items: means over memories, predicted slopes, and what it refuses."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.symbolic.errors import InputError
from sgdmem.systems import AssociativeMemory, diagram_data, named_diagram
from tests.cli.running import run

SMALL: Any = {"dimension": (8, 20), "points": 3, "seeds": 3}


@pytest.mark.parametrize("batch_size", [float("inf"), 30])
def test_numbers_and_slopes(batch_size: float) -> None:
    found = artists(
        named_diagram("associative-memory", exponent="2", batch_size=batch_size, **SMALL)
    )
    counts = []
    for seed in range(3):
        memory = AssociativeMemory(20, 2, seed=seed)
        G = memory.step(batch_size)
        W = memory.muon(G, batch_size)
        counts.append([len(memory.recovery(matrix).items) for matrix in (G, W)])
    last = [line.get_ydata()[-1] for line in found["recovered"]]
    assert last == pytest.approx(np.mean(counts, axis=0).tolist())
    for line, top, slope in zip(found["slope"], last, (0.25, 1.25), strict=True):
        assert line.get_xdata().tolist() == [8, 13, 20]
        assert line.get_ydata()[[0, -1]] == pytest.approx([top * 0.4**slope, top])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dimension": (1, 8)}, "dimension must be a pair within 2 and 512"),
        ({"dimension": (16, 1024)}, "dimension must be a pair within 2 and 512"),
        ({"seeds": 0}, "seeds must be"),
        ({"points": 1}, "points must be"),
        ({"exponent": -1}, "exponent must be positive"),
        ({"batch_size": 0.5}, "batch_size must be"),
        ({"problem": np.eye(2)}, "problem is chosen by the diagram"),
    ],
)
def test_bad_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        named_diagram("associative-memory", **{**SMALL, **options})


def test_batches(capsys: pytest.CaptureFixture[str]) -> None:
    options: dict[str, Any] = {"dimensions": [6, 12], "batch_size": (3, 30), "points": 2}
    data = diagram_data("associative-memory-batches", **options, seeds=2, progress=True)
    assert capsys.readouterr().err  # a bar, if only its end where there is no terminal
    memory = AssociativeMemory(12, "1.5", seed=1)
    for size, found in ((30, data.recovered.sel(batch_size=30)), (math.inf, data.population)):
        G = memory.step(size)
        expected = [len(memory.recovery(W).items) for W in (G, memory.muon(G, size))]
        assert found.sel(dimension=12, seed=1).values.tolist() == expected
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(30, memory.frequencies, size=4000)
    counts = (drawn > 0).sum(axis=1)
    error = counts.std() / math.sqrt(len(counts))
    assert abs(counts.mean() - float(data.different[-1])) < 4 * error
    axes = named_diagram("associative-memory-batches", **options, seeds=1)
    assert [len(artists(axes)[name]) for name in ("recovered", "population")] == [4, 4]
    for wrong in ({"batch_size": (0.5, 8)}, {"dimensions": [1]}, {"seeds": 0}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            diagram_data("associative-memory-batches", **{**options, **wrong})


def test_an_interrupt_is_not_swallowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(AssociativeMemory, "step", stop)
    command = ("plot", "diagram", "associative-memory", "-o", str(tmp_path / "x.png"))
    assert run(capsys, *command)[0] == 130
    assert list(tmp_path.iterdir()) == []
