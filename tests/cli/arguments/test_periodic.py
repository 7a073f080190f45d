"""Methods that repeat themselves on the command line: cycles, Lookahead, local steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xarray

import sgdmem
from sgdmem.methods import cyclic, lookahead, periodic_stability
from tests.cli.running import run

LAW = ["--power-law", "1.5", "--count", "5", "--batch-size", "8"]
PROBLEM = sgdmem.Problem.power_law(1.5, count=5)
BALL = ["heavy-ball", "--set", "momentum=0.9"]


def judged(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    code, out, err = run(capsys, "stable", *arguments, *LAW, "--json")
    assert (code, err) == (0, "")
    found: dict[str, object] = json.loads(out)
    return found


@pytest.mark.slow
def test_verdicts_are_those_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    rates = ["0.1"] * 3 + ["1/10", "7/20", "3/5"] + [2]
    cycle = ["--cycle", "learning_rate=0.1*3,low:0.6:3,2", "--set", "low=0.1"]
    ball = cyclic("heavy-ball", learning_rate=rates, momentum="0.9")
    slow = lookahead(ball, 7, "0.3", reset=True)
    for more, rule, workers in (
        ([], ball, 1),
        (["--local-steps", "14", "--workers", "4"], ball * 2, 4),
        (["--lookahead", "7", "--lookahead-rate", "0.3", "--lookahead-reset"], slow, 1),
    ):
        found = judged(capsys, *BALL, *cycle, *more)
        expected = periodic_stability(rule, PROBLEM, 8, workers=workers)
        assert found == json.loads(json.dumps(expected.to_dict()))
    code, out, _ = run(capsys, "stable", *BALL, *cycle, *LAW, "--exit-code")
    assert code == 1 and out.startswith("NOT stable: ")
    text = str(periodic_stability(ball, PROBLEM, 8))
    assert out == text + "\n" and "4 times heavy_ball(learning_rate=0.1, momentum=0.9), " in out


def test_keys_and_options_are_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
    found = judged(capsys, "sgd", "--set", "learning_rate=1", "--lookahead", "5")
    for key in found:
        assert f"`{key}`" in page
    for option in ("--cycle", "--lookahead-rate", "--lookahead-reset", "--local-steps"):
        assert f"`{option}" in page


def test_the_largest_peak(capsys: pytest.CaptureFixture[str]) -> None:
    cycle = ["--cycle", "learning_rate=1,2,5"]
    command = ["largest-learning-rate", *BALL]
    found = json.loads(run(capsys, *command, *cycle, *LAW, "--json")[1])
    assert found["proved"] is True and found["parameter"] == "learning_rate"
    shape = cyclic("heavy-ball", learning_rate=[1, 2, 5], momentum="0.9")
    scale = periodic_stability(shape, PROBLEM, 8).critical_scale
    assert found["largest"] == pytest.approx(5 * scale, rel=1e-8)
    out = run(capsys, *command, *cycle, *LAW)[1]
    assert out.startswith(f"largest stable peak learning_rate: {found['largest']:.12g} (proved ")
    named = [*command, "--cycle", "learning_rate=low,peak", "--set", "low=0.1"]
    found = json.loads(run(capsys, *named, "--parameter", "peak", *LAW, "--json")[1])
    assert json.loads(run(capsys, *named, *LAW, "--json")[1]) == found  # the only one without
    for factor, stable in ((0.999, True), (1.001, False)):
        peak = ["--set", f"peak={factor * found['largest']!r}"]
        assert judged(capsys, *named[1:], *peak)["stable"] is stable
    pushed = ["--cycle", "gradient_rate=0.1,0.2", "--parameter", "gradient-rate"]
    rest = ["two-rate", "--set", "velocity_rate=0.01", "--set", "momentum=0.9"]
    out = run(capsys, "largest-learning-rate", *rest, *pushed, *LAW)[1]
    assert out.startswith("largest stable peak gradient_rate: ")
    code, _, err = run(capsys, *command, "--cycle", "learning_rate=0,-1", *LAW)
    assert code == 2 and "the largest learning_rate must be positive, got 0" in err
    slow = json.loads(run(capsys, *command, "--lookahead", "4", *LAW, "--json")[1])
    assert slow["largest"] > 0 and slow["method"] == "heavy ball, Lookahead of 4 steps"
    ball = ["storm", "--set", "learning_rate=0.1", "--lookahead", "2"]  # as without a period
    assert json.loads(run(capsys, command[0], *ball, *LAW, "--json")[1])["parameter"] == "a"


def test_a_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    axes = ["--x", "low=0.1:2.5:3", "--y", "peak=1:9:2", "--cycle", "learning_rate=low*2,peak"]
    path = tmp_path / "cycles.png"
    code, out, _ = run(capsys, "phase-diagram", "sgd", *axes, *LAW, "-o", str(path))
    assert code == 0 and path.exists() and "of 6 points are stable" in out
    data = xarray.load_dataset(path.with_suffix(".nc"), engine="scipy")
    assert data.attrs["display_name"] == "SGD, cycles of learning rate"
    for low in data.low.values:
        for peak in data.peak.values:
            rule = cyclic("sgd", learning_rate=[float(low)] * 2 + [float(peak)])
            expected = periodic_stability(rule, PROBLEM, 8)
            assert data.stable.sel(low=low, peak=peak) == int(bool(expected))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cycle", "learning_rate"], "--cycle expects NAME=V,V,…, got 'learning_rate'"),
        (["--cycle", "learning_rate=1*x"], "each value is V, V*COUNT or FROM:TO:COUNT, got '1*x'"),
        (["--cycle", "learning_rate=1,,"], "--cycle must be a number such as 0.1"),
        (["--cycle", "learning_rate=peak"], "sgd needs --set peak=VALUE"),
        (["--cycle", "learning_rate=1*99999"], "a period has at most 10,000 steps"),
        (["--cycle", "speed=1"], "unknown parameter 'speed' of sgd"),
        (["--cycle", "learning_rate=1", "--set", "learning_rate=1"], "by --set and by --cycle"),
        (["--cycle", "learning_rate=1", "--cycle", "learning_rate=2"], "gives learning_rate twice"),
        (["--lookahead", "3"], "sgd needs --set learning_rate=VALUE"),
        (["--lookahead", "0", "--set", "learning_rate=1"], "--lookahead must be from 1 to 10,000"),
        (["--cycle", "learning_rate=1,nan"], "--cycle must be finite, got NaN"),
        (["--cycle", "learning_rate=1,inf"], "--cycle must be finite, got Infinity"),
        (["--lookahead-rate", ""], "--lookahead-rate belongs to --lookahead K"),
        (["--lookahead-rate", "1"], "--lookahead-rate belongs to --lookahead K"),
        (["--workers", "3"], "--local-steps H and --workers K belong together"),
        (["--local-steps", "3", "--workers", "0"], "--workers must be at least 1, got 0"),
        (
            ["--cycle", "learning_rate=1,2", "--local-steps", "3", "--workers", "2"],
            "--local-steps must be a multiple of 2",
        ),
        (["--cycle", "learning_rate=1,2", "--rate"], "--rate has no use with --cycle"),
    ],
)
def test_bad_input(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "stable", "sgd", *arguments, *LAW)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
