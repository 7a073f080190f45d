"""The command ``sgdmem phase-diagram``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sgdmem.numeric.compilation import cuda
from tests.cli.running import LAW, run


def test_phase_diagram_writes_picture_and_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import xarray

    picture = tmp_path / "map.svg"
    code, out, _ = run(
        capsys,
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=0.01:4:8:log"],
        *["--y", "momentum=0:0.99:5", "--power-law", "1.5", "--batch-size", "4"],
        *["--no-edges", "-o", str(picture)],
    )
    assert code == 0
    assert "points are stable" in out
    assert picture.read_text().startswith("<?xml")
    with xarray.open_dataset(tmp_path / "map.nc", engine="scipy") as data:
        assert data.stable.dims == ("momentum", "learning_rate")
        assert set(np.unique(data.stable)) == {0, 1}
        assert data.attrs["batch_size"] == "4"


def test_the_last_line_tells_of_undecided_points(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(
        capsys,
        *["phase-diagram", "sgd", "--x", "learning_rate=0.1:3:2", "--y", "batch_size=1:8:2"],
        *["--tau2", "2", "--power-law", "1.5", "--no-edges", "-o", str(tmp_path / "map.svg")],
    )
    assert code == 0 and out.endswith("50.0% of 4 points are stable, 50.0% undecided\n")


@pytest.mark.slow
def test_phase_diagram_on_another_device(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    command = [
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=0.01:4:8"],
        *[
            "--y",
            "momentum=0:0.99:5",
            *LAW,
            "--no-edges",
            "-o",
            str(tmp_path / "map.png"),
            "--device",
        ],
    ]
    code, out, err = run(capsys, *command, "cuda")
    assert (code, out) == (2, "")
    assert err.startswith("sgdmem: device 'cuda': Numba finds no GPU")
    assert not list(tmp_path.iterdir())
    assert run(capsys, *command, "auto")[1] == run(capsys, *command, "cpu")[1]


@pytest.mark.slow
def test_phase_diagram_proves_what_is_between_its_points(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import xarray

    command = [
        *["phase-diagram", "sgd", "--x", "learning_rate=0.1:3:40", "--y", "batch_size=1:9:40"],
        *["--power-law", "1.5", "--no-edges", "--certify"],
    ]
    code, out, _ = run(capsys, *command, "-o", str(tmp_path / "map.png"))
    assert code == 0 and "  proved: 9" in out and "% of the area (stable " in out
    with xarray.open_dataset(tmp_path / "map.nc", engine="scipy") as data:
        assert set(np.unique(data.proved)) == {-1, 0, 1}
    code, coarse_out, _ = run(capsys, *command, "--goal", "0.2", "-o", str(tmp_path / "map.png"))
    shares = [float(said.split(" open ")[1].split("%")[0]) for said in (coarse_out, out)]
    assert code == 0 and 20 >= shares[0] > 2 > shares[1]
    code, _, err = run(capsys, *command[:-1], "--goal", "0.2", "-o", str(tmp_path / "other.png"))
    assert code == 2 and "--goal needs --certify" in err
    code, _, err = run(capsys, *command, "--zarr", "-o", str(tmp_path / "other.png"))
    assert code == 2 and "--certify excludes --zarr and --panels" in err
    for more, message in (
        (["--quantity", "loss_floor"], "excludes --quantity"),
        ([], "40 points or more"),
    ):
        coarse = [text.replace(":3:40", ":3:39") if not more else text for text in command]
        code, _, err = run(capsys, *coarse, *more, "-o", str(tmp_path / "other.png"))
        assert code == 2 and message in err


@pytest.mark.slow
@pytest.mark.parametrize("method", ["ball", "slow"])
def test_a_map_whose_code_is_kept_needs_nothing_heavy(method: str, tmp_path: Path) -> None:
    """Nor where bounds in floats leave many points open, as those of methods with slow parts do."""
    (tmp_path / "mine.py").write_text(
        "import sgdmem\n"
        "@sgdmem.method\n"
        "def ball(w, v, gradient, *, learning_rate, momentum):\n"
        "    v = momentum * v - learning_rate * gradient(w)\n"
        "    return w + v, v\n"
        "@sgdmem.method\n"
        "def slow(w, u, v, gradient, *, learning_rate, momentum):\n"
        "    u, v = momentum * u - gradient(w), 0.999 * v - gradient(w)\n"
        "    return w + learning_rate * (u + v), u, v\n"
    )
    code = (
        "import sys\n"
        "heavy = 'numba sympy distributed dask xarray pandas scipy matplotlib.pyplot'.split()\n"
        "from sgdmem.cli.main import main\n"
        "try: main(['phase-diagram', 'mine.py:METHOD', '--power-law', '1.5', '--batch-size', '8', "
        "'--x', 'learning_rate=0.1:2:20', '--y', 'momentum=0:0.9:20', '-o', 'map.png'])\n"
        "except SystemExit as done: assert not done.code\n"
        "print(sorted({*heavy} & set(sys.modules)))\n"
    ).replace("METHOD", method)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        )
    assert done.stdout.splitlines()[-1] == "[]"
