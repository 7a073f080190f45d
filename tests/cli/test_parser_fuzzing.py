"""Whatever texts and files hold, their readers answer, or say in a line what is wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from sgdmem import Problem, Spectrum
from sgdmem.cli.arguments.algorithm import FigureSize, read_settings
from sgdmem.cli.arguments.axes import read_axis, read_panels, read_range, read_window
from sgdmem.cli.arguments.periodic import _ramp
from sgdmem.errors import SgdmemError
from sgdmem.numeric.spectra.data_files import load_data, load_labels
from sgdmem.phase_diagrams.maps.map_file import read_map_file, write_map_file
from sgdmem.proofs import check_proof
from sgdmem.symbolic.algebra.scalars import as_scalar
from tests.cli.fuzzing import BAD

TEXTS: dict[str, Callable[[str], Any]] = {
    "axis": lambda text: read_axis(text, "--x"),
    "window": lambda text: read_window(text, "--x"),
    "range": lambda text: read_range(text, "--search"),
    "panels": read_panels,
    "settings": lambda text: read_settings([text]),
    "ramp": lambda text: _ramp(text, text),
    "size": lambda text: FigureSize().convert(text, None, None),
    "number": lambda text: as_scalar(text, "number"),
}
PIECES = [*BAD, *"=:,*xe+-./0123456789 ()", "log", "log1m", "learning_rate", "0.1", "1/3", "1e5"]
CALM = ("9" * 5000, "(" * 3000, "1" + "+1" * 2000)  # long ones are seldom of use in the middle
PLAIN = [piece for piece in PIECES if piece not in CALM]


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    chance = random.Random(f"{name} 26")
    for number in range(1500):
        some = PIECES if number % 20 == 0 else PLAIN
        text = "".join(chance.choices(some, k=chance.choice([1, 2, 3, 5, 8])))
        try:
            TEXTS[name](text)
        except (click.UsageError, SgdmemError) as error:
            assert len(str(error)) < 12_000  # the command line shortens long words


def good_files(folder: Path) -> dict[str, Callable[[Path], Any]]:
    """Write a file of each kind, and return what reads it."""
    import sgdmem

    (folder / "list.csv").write_text("eigenvalue,weight\n4,1\n2.5e-1,3\n1,10\n")
    (folder / "rows.csv").write_text("id,a b,label\n0,1.5,2\n1,-0.5,1\n2,0.25,-1\n")
    np.save(folder / "list.npy", np.array([4.0, 2, 1]))
    np.savez(folder / "list.npz", eigenvalues=np.array([4.0, 1]), weights=np.array([1.0, 5]))
    np.save(folder / "rows.npy", np.arange(12.0).reshape(4, 3))
    axes = {"x": ("learning_rate", [0.1, 1.0]), "y": ("batch_size", [1, 2])}
    diagram: Any = sgdmem.phase_diagram("sgd", Spectrum([1, 0.5]), **axes)  # type: ignore[arg-type]
    write_map_file(diagram, folder / "map.nc")
    sgdmem.certify(sgdmem.sgd("0.1"), Problem(Spectrum([1, 0.5])), 4).save(folder / "proof.json")
    return {
        "list.csv": Spectrum.load,
        "rows.csv": lambda path: load_data(path, ["label"], ["0"]),
        "list.npy": Spectrum.load,
        "list.npz": Spectrum.load,
        "rows.npy": lambda path: (load_data(path), load_labels(path)),
        "map.nc": read_map_file,
        "proof.json": check_proof,
    }


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with some changed, taken out, put in or cut off."""
    found = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 8])):
        place = chance.randrange(len(found) or 1)
        way = chance.choice(["flip", "cut", "take", "put", "double"])
        if way == "cut":
            del found[place:]
        elif way == "take":
            del found[place : place + chance.randrange(1, 9)]
        elif way == "put":
            found[place:place] = chance.choice([b"\0", b"\xff", b"-", b"9" * 30, b"nan", b"{"])
        elif way == "double":
            found += found[place : place + 100]
        elif found:
            found[place] ^= 1 << chance.randrange(8)
    return bytes(found)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_files(tmp_path: Path) -> None:
    readers = good_files(tmp_path)
    for name, read in readers.items():
        read(tmp_path / name)
        data, chance = (tmp_path / name).read_bytes(), random.Random(f"{name} 26")
        path = tmp_path / f"damaged-{name}"
        for _ in range(300):
            path.write_bytes(damaged(data, chance))
            try:
                read(path)
            except SgdmemError as error:
                assert len(str(error)) < 12_000
