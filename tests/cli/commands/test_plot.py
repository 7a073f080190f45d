"""The commands of ``sgdmem plot``: pictures, the data beside them, and refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import xarray
from matplotlib.image import imread

import sgdmem
from sgdmem.phase_diagrams.maps.map_file import read_map_file
from tests.cli.running import run

pytestmark = pytest.mark.slow

HEAVY = ["--set", "learning_rate=0.1", "--set", "momentum=0.9"]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def test_root_locus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "locus.svg"
    problem = ["--power-law", "1.5", "--scale", "40", "-o", str(path), "--size", "3x2.5"]
    code, out, _ = run(capsys, "plot", "root-locus", "heavy-ball", *HEAVY, *problem)
    assert code == 0 and out == f"wrote {path} and {path.with_suffix('.csv')}\n"
    picture = path.read_text()
    assert picture.startswith("<?xml")
    assert 'width="216pt" height="180pt"' in picture
    rows = table(path.with_suffix(".csv"))
    last = [complex(float(r["real"]), float(r["imaginary"])) for r in rows[-2:]]
    assert float(rows[-1]["eigenvalue"]) == 40
    assert np.sort(np.real(last)) == pytest.approx(np.sort(np.roots([1, -1.9 + 4, 0.9])))


def test_noise_summand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "noise.pdf"
    problem = ["--power-law", "1.5", "--batch-size", "8", "--tau2", "-1", "-o", str(path)]
    assert run(capsys, "plot", "noise-summand", "heavy-ball", *HEAVY, *problem)[0] == 0
    assert path.read_bytes().startswith(b"%PDF")
    found = read_map_file(path.with_suffix(".nc"))
    assert {"summand", "damped_summand", "share"} <= found.data_vars.keys()
    row = found.isel(eigenvalue=200)
    exact = sgdmem.heavy_ball("0.1", "0.9").noise_summand(float(row.eigenvalue))
    assert float(row.summand) == pytest.approx(float(exact))
    again = tmp_path / "again.pdf"
    assert run(capsys, "draw", str(path.with_suffix(".nc")), "-o", str(again))[0] == 0


def test_losses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "losses.png"
    problem = ["--power-law", "1.5", "--batch-size", "32", "--zeta", "0.5", "--steps", "100"]
    methods = ["sgd", "heavy-ball", *HEAVY, "--am1", "--restarted", "--anchored"]
    size = ["--size", "3.3x2.5"]
    assert run(capsys, "plot", "losses", *methods, *problem, "-o", str(path), *size)[0] == 0
    pixels = imread(path)
    assert pixels.shape[:2] == (750, 990)
    edge = [*pixels[[0, -1]], *pixels.swapaxes(0, 1)[[0, -1]]]
    assert all((line == 1).all() for line in edge)  # it cuts neither the title nor the legend
    rows = table(path.with_suffix(".csv"))
    assert list(dict.fromkeys(row["method"] for row in rows)) == [
        *("SGD", "heavy ball", "AM1", "restarted AM2", "anchored AM1")
    ]
    exact = sgdmem.losses(sgdmem.sgd("0.1"), sgdmem.Problem.power_law(1.5, "0.5"), 32, 100)
    found = {int(row["step"]): float(row["loss"]) for row in rows if row["method"] == "SGD"}
    assert found[100] == pytest.approx(exact[100]) and found[1] == pytest.approx(exact[1])


def test_diagrams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "edges.png"
    size = ["--set", "points=10", "--set", "resolution=5", "-o", str(path)]
    code, out, _ = run(capsys, "plot", "diagram", "batch-size-learning-rate", *size)
    assert code == 0 and out.startswith(f"wrote {path}")
    written = sorted(x.name for x in tmp_path.iterdir())
    assert written == ["edges.nc", "edges.png"]
    again = xarray.load_dataset(tmp_path / "edges.nc", engine="scipy")
    assert again.stable.shape == (10, 10)
    zones = tmp_path / "zones.svg"
    assert run(capsys, "plot", "diagram", "spectral-zones", "-o", str(zones))[0] == 0
    assert zones.with_suffix(".nc").is_file()


@pytest.mark.slow
def test_options_of_diagrams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--set", "points=8", "--set", "resolution=4", "-o", str(tmp_path / "edges.png")]
    law = ["--batch-size", "8", "--power-law", "1.5", "--scale", "2", "--count", "30"]
    more = ["--set", "family=nesterov", *law, *size]
    assert run(capsys, "plot", "diagram", "learning-rate-momentum", *more)[0] == 0
    again = xarray.load_dataset(tmp_path / "edges.nc", engine="scipy")
    assert again.batch_size.values.tolist() == [8]
    assert again.attrs["spectrum"] == str(sgdmem.Spectrum.power_law(1.5, 2, 30))
    plane = ["--set", "damping=0.01,1", "--set", "q0=0.3", "--set", "batch_sizes=1,inf", *size]
    assert run(capsys, "plot", "diagram", "damping-effective-rate", *plane)[0] == 0
    again = xarray.load_dataset(tmp_path / "edges.nc", engine="scipy")
    assert again.damping.values[[0, -1]] == pytest.approx([0.01, 1])
    assert again.batch_size.values.tolist() == [1, np.inf]
    items = ["--set", "dimension=2,4", "--set", "points=2", "--set", "seeds=1e0", *size[-2:]]
    batch = ["--batch-size", "10"]
    assert run(capsys, "plot", "diagram", "associative-memory", *items, *batch)[0] == 0
    assert xarray.load_dataset(tmp_path / "edges.nc", engine="scipy").attrs["batch_size"] == "10"


def test_losses_under_a_coupling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, T = tmp_path / "losses.png", [[2, 0.5], [0, 1]]
    for name, value in (("eigenvalues", [1, 0.5]), ("target", [1, 2]), ("T", T)):
        np.save(tmp_path / f"{name}.npy", np.array(value))
    files = [
        f"--{x}={tmp_path / y}.npy" for x, y in (("spectrum", "eigenvalues"), ("coupling", "T"))
    ]
    files += [f"--target={tmp_path / 'target.npy'}", "--batch-size", "4", "--steps", "50"]
    method = ["sgd", "--set", "learning_rate=0.1"]
    assert run(capsys, "plot", "losses", *method, *files, "-o", str(path))[0] == 0
    problem = sgdmem.Problem(sgdmem.Spectrum([1, 0.5]), sgdmem.Noise.coupled(T), [1, 2])
    last = path.with_suffix(".csv").read_text().split()[-1].split(",")[-1]
    assert float(last) == sgdmem.losses(sgdmem.sgd("0.1"), problem, 4, 50)[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["root-locus", "heavy-ball", "--power-law", "2"], "heavy-ball needs --set learning_rate"),
        (["root-locus", "sgd", "--set", "learning_rate=1"], "give one of --power-law NU"),
        (
            ["root-locus", "sgd", "--set", "learning_rate=1", "--power-law", "2", "--tau1", "1"],
            "--tau1 has no use here: a root locus has no noise",
        ),
        (["root-locus", "sgd", "-o", "x.doc"], "-o must end in .png, .svg or .pdf"),
        (["root-locus", "no-such"], "no-such"),
        (
            ["root-locus", "sgd", "--size", "3"],
            "'3' is not among column, page, slide, and no W",
        ),
        (["root-locus", "sgd", "--size", "3x900"], "'3x900' is not among column"),
        (["noise-summand", "sgd", "--coupling", "x.npy"], "--coupling has no use here"),
        (
            ["losses", "sgd", *HEAVY, "--power-law", "2", "--zeta", "1"],
            "--set momentum: none of sgd has it",
        ),
        (["losses", "sgd", "--power-law", "2"], "give one of --zeta Z and --target FILE"),
        (["losses", "--power-law", "2"], "ALGORITHMS"),
        (["diagram", "fig-2"], "is not one of"),
        (["diagram", "batch-size-learning-rate", "--batch-size", "2"], "it varies"),
        (["diagram", "regimes", "--scale", "2"], "--scale and --count belong to --power-law"),
        (["diagram", "regimes", "--tau1", "2"], "regimes go over all power laws"),
        (["diagram", "regimes", "--set", "problem=2"], "--set problem: diagrams have no such"),
        (["diagram", "learning-rate-momentum", "--set", "batch_size=2"], "chosen by the diagram"),
        (["diagram", "spectral-zones", "--set", "points=2"], "unknown option 'points'"),
        (["diagram", "damping-effective-rate", "--set", "q0=x"], "q0"),
    ],
)
def test_refusals(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "plot", *arguments)
    assert code == 2 and message in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output", ["mine.png", "./mine.svg"])
def test_a_file_that_is_read_is_not_written_over(
    output: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The numbers of a root locus mine.png go to mine.csv."""
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text("1\n0.5\n")
    command = "plot", "root-locus", "sgd", "--spectrum", "mine.csv", "-o", output
    code, _, err = run(capsys, *command)
    assert code == 2 and "mine.csv would be written over, which is read as --spectrum" in err
    assert Path("mine.csv").read_text() == "1\n0.5\n"
    beside = ["--spectrum", "mine.csv", "--set", "points=3", "--set", "resolution=2"]
    assert run(capsys, "plot", "diagram", "learning-rate-momentum", *beside, "-o", output)[0] == 0
    assert Path("mine.nc").exists()
