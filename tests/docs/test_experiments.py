"""The pieces of experiments whose numbers the docs show, at tiny sizes."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.docs.test_docs import ROOT


def experiment(name: str) -> Any:
    """Return a module of docs/experiments, a copy of its own."""
    path = ROOT / "docs" / "experiments" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_dana_exponent_resumes(tmp_path: Path) -> None:
    script = experiment("dana_exponent")
    script.SEEDS, script.ALPHAS, script.WIDTHS, script.RATIOS = 3, (0.7,), (40,), (2,)
    script.DIMENSION, script.TIMES, script.VELOCITIES = 30, (10, 100), (0.1,)
    script.KAPPAS, script.WRONG = (0.5,), (0.7,)
    script.PROBLEMS, script.REALISED, script.BATCHES = ((1.0, 0.7),), ((1.0, 0.7),), (1,)
    script.tables = lambda: {"squares": np.random.default_rng(0).normal(size=(60, 12)) ** 2}
    exponents, costs = tmp_path / "exponents.csv", tmp_path / "costs.csv"
    for _ in range(2):  # the second time everything is there
        script.run(exponents, script.EXPONENTS, 4, script.exponent_tasks())
        script.run(costs, script.COSTS, 5, script.cost_tasks())
    with exponents.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["source"] for row in rows] == [
        source for source in ("random features", "samples", "squares") for _ in script.RANKS
    ]
    assert abs(float(rows[0]["bias"])) < 0.5 and float(rows[0]["within_2"]) <= 1
    with costs.open(newline="") as file:
        rows = list(csv.DictReader(file))
    tried = script.cases(1.0)
    assert len(rows) == len(tried) * (2 + 1)  # a realised problem has a step of time less
    for row in rows:
        if float(row["kappa_3"]) == 0.5:
            assert float(row["ratio"]) == pytest.approx(1, rel=1e-3)
        if row["case"] == "alpha x 0.7":
            assert float(row["ratio"]) > 1 > float(row["to_sgd"])


@pytest.mark.slow
def test_mem_sgd_pieces() -> None:
    script = experiment("mem_sgd")
    script.STEPS, script.RUNS, script.POINTS = 200, 2, np.array([1, 200])
    Z = script.samples()
    best = script.minimum(Z)
    for w in (0.9 * best, best + 0.01):
        assert script.loss(w, Z) > script.loss(best, Z)
    (first, last) = script.measured("rand-k", 3, Z, best)
    assert first[:4] == ["rand-k", 3, 1, 24] and last[2] == 200
    assert last[4] < last[6] and last[4] < last[7]  # the loss is below both bounds


@pytest.mark.slow
def test_compute_optimal_pieces(tmp_path: Path) -> None:
    script = experiment("compute_optimal")
    script.WIDTHS, script.STEPS = {"realised": [16, 32, 64, 128, 256]}, {"realised": 10**4}
    found = script.stepped("1", "0.7", "realised")
    f, d, risk = np.array(found["SGD"]).T
    assert len(f) > 3 and (np.diff(risk) < 0).all() and (d > 16).all() and (d < 256).all()
    rows = [["1", "0.7", "II", "realised", "SGD", *map(str, row)] for row in found["SGD"]]
    (line,) = script.slopes(rows)
    assert line.startswith("II") and "(0.706)" in line
    script.SHOWN = (("1", "0.7"),) * 4
    script.picture(rows, tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()


@pytest.mark.slow
def test_associative_memory_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = experiment("associative_memory")
    script.ALPHAS, script.SEEDS = ("1.5",), {8: 3, 16: 3}
    script.LARGE, script.LARGE_SEEDS = 24, {"1.5": 2}
    script.BATCH_DIMENSIONS, script.BATCH_SEEDS, script.BATCHES = (16,), 2, [1, 4, 64, 1024]
    script.STEP_SEEDS, script.STEPS = {8: 2, 16: 2}, 3
    paths = [str(tmp_path / name) for name in ("rows.csv", "steps.csv", "picture.png")]
    said = []
    for _ in range(2):  # the second time everything is there
        monkeypatch.setattr(script.sys, "argv", ["associative_memory.py", *paths])
        script.main()
        said.append(capsys.readouterr().out)
    assert (
        said[0] == said[1] and "1.333 predicted" in said[0] and (tmp_path / "picture.png").exists()
    )
    rows, steps = (script.read(Path(path)) for path in paths[:2])
    assert len(rows) == 8 * 4 + 8 * 2 and len(steps) == 2 * 4 * 2 * 3
    d, mean, error = script.means(rows, "Muon", alpha="1.5", batch="inf")
    assert d.tolist() == [8, 16, 24] and (np.diff(mean) > 0).all() and (error >= 0).all()
    assert script.slope(d, 3 * d**1.5) == pytest.approx(1.5)
    assert script.slope_error([1, np.e], np.array([10, 20]), np.array([3, 8])) == pytest.approx(0.5)


def test_search_of_slow_systems_resumes(tmp_path: Path) -> None:
    script = experiment("slow_kaczmarz")
    script.SIZES, script.SEEDS, script.STEPS = ((2, 2),), range(1), 20
    table, rows = tmp_path / "table.csv", tmp_path / "rows.csv"
    script.main(str(table), str(rows))
    script.SEEDS = range(2)
    script.main(str(table), str(rows))
    lines = table.read_text().splitlines()
    assert [line.split(",")[:4] for line in lines[1:]] == [["2", "2", "20", s] for s in "01"]
    assert np.loadtxt(rows, delimiter=",", skiprows=1).shape == (2, 3)


@pytest.mark.slow
def test_deep_linear_resumes(tmp_path: Path) -> None:
    script = experiment("deep_linear")
    script.RUNS, script.SEEDS, script.DEPTHS, script.VARIANCES = 400, 5, (2,), ("0.5",)
    script.STARTS = {2: (0.02, 1500)}
    paths = [tmp_path / name for name in ("aligned.csv", "starts.csv", "picture.png")]
    for _ in range(2):  # the second time everything is there
        script.sys.argv = ["", *map(str, paths)]
        script.main()
    rows, starts = map(script.read, paths[:2])
    assert (len(rows), len(starts), paths[2].exists()) == (24, 20, True)
    mean, error, first = script.numbers(rows, "mean", "standard_error", "first_order")
    assert (np.abs(mean - first) < 5 * error).all()
    share, plateau = script.numbers(starts, "peak_share", "plateau")
    assert share == pytest.approx(np.full(20, 0.5), abs=0.05)
    assert ((plateau > 1) & (plateau < 2.5)).all()  # 2 if the second mode had not begun


def test_numbers_of_adaptive_methods_resume(tmp_path: Path) -> None:
    script = experiment("adaptive_methods")
    script.BALANCES, script.RATES, script.STEPS = ((2, 1),), (((1, 1), (0.1,)),), 100
    script.NUMBERS, script.SHARES = (3,), ("0.6",)
    table = tmp_path / "table.csv"
    script.main(table)
    first = table.read_text()
    script.main(table)
    assert table.read_text() == first
    rows = {row["quantity"]: float(row["value"]) for row in csv.DictReader(first.splitlines())}
    assert 0 < rows["start"] < 1 and rows["epsilon"] > 0
    assert rows["gradient_descent"] == pytest.approx(78 / 625)
    assert rows["adaptive"] == pytest.approx(186 / 625)
