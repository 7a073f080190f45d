"""Datasets that no picture would be true of are refused, and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.errors import InputError
from sgdmem.phase_diagrams.maps.map_file import write_map_file
from tests.cli.running import run


@pytest.fixture(scope="module")
def series() -> Any:
    return sgdmem.phase_diagram(
        "heavy-ball",
        sgdmem.Spectrum([1, 0.5]),
        x=("learning_rate", [0.1, 1, 10]),
        y=("momentum", [0, 0.9]),
        panels=("batch_size", [1, 8]),
        quantities=("reason",),
    )


def with_values(name: str, value: Any) -> Callable[[Any], Any]:
    return lambda found: found.assign({name: found[name] * 0 + value})


def with_flags(found: Any) -> Any:
    found = found.copy(deep=True)
    found.reason.attrs["flag_values"] = "[0 one]"
    return found


STRANGE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "verdict": (with_values("stable", 99), "stable must be among -128, -1, 0, 1, got 99"),
    "reason": (with_values("reason", 77), "reason must be among 0, 1, 2.*got 77"),
    "flags": (with_flags, r"flag_values must be numbers, got '\[0 one\]'"),
    "empty": (lambda x: x.isel(momentum=slice(0, 0)), "momentum has no values"),
    "panels": (
        lambda x: x.isel(batch_size=np.arange(3000) % 2),
        "at most 100 panels can be drawn, got 3,000",
    ),
    "name": (lambda x: x.rename(momentum="$x$"), r"something called '\$x\$', which is no name"),
    "words": (
        lambda x: x.assign_coords(momentum=["a", "b"]),
        "momentum must have real numbers, got 'a'",
    ),
    "coordinates": (lambda x: x.drop_vars("momentum"), "momentum has no coordinates"),
    "dimensions": (lambda x: x.isel(batch_size=0, momentum=0), "must have the dimensions of a map"),
    "other": (
        lambda x: x.assign(margin=x.margin.isel(momentum=0)),
        "margin must have the dimensions of stable",
    ),
    "missing": (lambda x: x.drop_vars("noiseless"), "cannot be drawn: there is no .*noiseless"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_cannot_be_drawn(name: str, series: Any) -> None:
    change, message = STRANGE[name]
    with pytest.raises(InputError, match=message):
        sgdmem.draw(change(series))


@pytest.mark.slow
def test_dates_and_dollars_of_a_file(
    series: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    import xarray

    monkeypatch.chdir(tmp_path)
    found = series.isel(batch_size=0, drop=True).copy(deep=True)
    found.momentum.attrs["units"] = "days since 1970-01-01"
    found.attrs["display_name"] = r"cost $5 \frac{"
    write_map_file(found, "a.nc")
    bare = xarray.load_dataset("a.nc", engine="scipy", decode_times=False)
    bare.to_netcdf("map.nc", engine="scipy")
    assert run(capsys, "draw", "map.nc", "-o", "map.svg")[::2] == (0, "")
    assert r"cost $5 \frac{" in Path("map.svg").read_text()


@pytest.mark.parametrize("file", ["", ".", "pipe.nc", "\udcff.nc", "text.nc"])
def test_no_such_files(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    import os

    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.nc")
    Path("text.nc").write_text("CDF\x01")
    code, out, err = run(capsys, "draw", file)
    assert (code, out, err.count("\n")) == (2, "", 1)
