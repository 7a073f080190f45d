"""Files of every kind for the fuzzing of the command line: good, damaged and crafted ones."""

from __future__ import annotations

import os
import random
import shutil
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from tests.cli.running import OWN

METHODS = (
    OWN
    + """
def fails(learning_rate):
    return 1 / 0

def leaves(learning_rate):
    raise SystemExit(0)

def odd(*rates, **more):
    return "an algorithm"
"""
)
TEXTS = {
    "list.csv": "4\n2\n1/2\n1\n",
    "eigenvalues.csv": "eigenvalue\n4\n2\n1\n0.5\n",
    "weights.csv": "eigenvalue,weight\n4,1\n2,3\n1,10\n",
    "table.csv": "id,x,y,label\n0,1.5,2,1\n1,-0.5,1,0\n2,0.25,-1,1\n3,1,1,0\n4,2,0.5,1\n",
    "measured.csv": "# with errors: all\n3.6:4.4\n1/3\n2:2.5\n",
    "upside-down.csv": "4:3\n1:nan\n",
    "apart.csv": "1e308\n1e-308\n",
    "tiny.csv": "5e-324\n",
    "negative.csv": "1\n-1\n",
    "words.csv": "one\ntwo\n",
    "nan.csv": "1\nnan\ninf\n",
    "ragged.csv": "1,2\n3\n",
    "long-line.csv": "1" * 70_000 + "\n",
    "blank.csv": "\n\n\n",
    "nul.csv": "1\0\n2\n",
    "huge-number.csv": "1e999999999999\n1\n",
    "digits.csv": "٣\n",
    "$x_{2}$ & %~^.csv": "4\n2\n",
    "\udcff\udcfe.csv": "4\n2\n",
    "λ 💥.csv": "eigenvalue,weight\n4,1e300\n",
    "own.py": METHODS,
    "broken.py": "def f(:\n",
    "exits.py": "raise SystemExit(3)\n",
    "empty.csv": "",
    "empty.nc": "",
    "empty.npy": "",
    "text.nc": "CDF nothing",
    "proof.json": '{"format": 1}',
    "list.json": "[[[[",
}

_EXTREME = ["apart.csv", "tiny.csv"]


def write_files(folder: Path, seed: int) -> dict[str, list[str]]:
    """Write the files, and return their names by kind: lists, data, maps, methods, others."""
    chance = np.random.default_rng(seed)
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    arrays: dict[str, Any] = {
        "list.npy": np.array([4.0, 2, 1]),
        "rows.npy": chance.normal(size=(12, 3)),
        "jacobians.npy": chance.normal(size=(6, 2, 3)),
        "labels.npy": chance.normal(size=12),
        "coupling.npy": np.ones((4, 4)),
        "objects.npy": np.array([None, {}], dtype=object),
        "complex.npy": np.array([1 + 1j]),
        "none.npy": np.empty((0, 3)),
        "point.npy": np.array(1.0),
        "nan.npy": np.full((4, 2), np.nan),
        "extreme.npy": np.array([[1e308, 1e-308], [1e-308, 1e308], [1.0, 1.0]]),
        "words.npy": np.array(["a", "b"]),
        "whole.npy": np.arange(8, dtype=np.uint8).reshape(4, 2),
        "parts.npy": np.zeros(3, dtype=[("a", "f8"), ("b", "i4")]),
        "deep.npy": np.ones((2,) * 20),
    }
    for name, array in arrays.items():
        np.save(folder / name, array, allow_pickle=True)
    np.savez(folder / "list.npz", eigenvalues=np.array([4.0, 1]), weights=np.array([1.0, 5]))
    np.savez(folder / "two.npz", a=np.ones(2), b=np.ones(2))
    np.savez(folder / "no-sparse.npz", format=b"csr", data=np.ones(2))
    with zipfile.ZipFile(folder / "no-arrays.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY")
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }"
    (folder / "vast.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n"
    )
    (folder / "noise.npy").write_bytes(chance.bytes(300))
    (folder / "noise.csv").write_bytes(chance.bytes(300))
    (folder / "folder.csv").mkdir()
    (folder / "folder.nc").mkdir()
    (folder / "folder.zarr").mkdir()
    os.mkfifo(folder / "pipe.csv")
    os.mkfifo(folder / "pipe.nc")
    (folder / "loop.csv").symlink_to("loop.csv")
    maps = _maps(folder)
    crafted = [name for path in maps for name in craft(folder, path, random.Random(seed))]
    kept = ["map.zarr", "empty.nc", "text.nc", "folder.nc", "folder.zarr", "pipe.nc", ".", ""]
    lists = [name for name in TEXTS if name.endswith(".csv")]
    proofs = _proofs(folder, random.Random(seed))
    cut = [_cut(folder / name) for name in ("rows.npy", "list.npz", "eigenvalues.csv")]
    return {
        "good lists": [
            *("eigenvalues.csv", "weights.csv", "measured.csv", "list.npy", "list.npz", *_EXTREME),
        ],
        "good data": ["rows.npy", "table.csv", "jacobians.npy", "whole.npy", "extreme.npy"],
        "proofs": proofs,
        "maps": [*maps, *crafted, *kept],
        "any": [
            *lists, *arrays, *cut, "two.npz", "no-sparse.npz", "no-arrays.npz", "vast.npy",
            "noise.npy", "noise.csv", "folder.csv", "pipe.csv", "loop.csv", "missing.csv", "", ".",
            "..", "/dev/null", "/dev/full", "x" * 300 + ".csv", "nowhere/x.csv", "own.py",
        ],
    }  # fmt: skip


def _maps(folder: Path) -> list[str]:
    """Write a map, a boundary, a series of maps, and a diagram of curves."""
    commands = {
        "map.nc": "phase-diagram heavy-ball --x learning_rate=0.01:4:12:log --y momentum=0:0.9:9",
        "series.nc": "phase-diagram sgd --x learning_rate=0.1:4:8 --y batch_size=1:9:5 "
        "--panels tau1=0.5,1 --quantity critical_eigenvalue",
        "edge.nc": "boundary sgd --x learning_rate=0.1:4 --y batch_size=1:9 --resolution 10",
        "summand.nc": "plot noise-summand sgd --set learning_rate=0.1 --batch-size 4",
    }
    for name, command in commands.items():
        options = ["--power-law", "1.5", "--count", "4", "-o", name.replace(".nc", ".png")]
        quiet([*command.split(), *options])
    quiet(["plot", "diagram", "kaczmarz", "--set", "steps=10", "-o", "curves.png"])
    options = ["--power-law", "1.5", "--count", "4", "--zarr", "--chunk", "8", "-o", "map.png"]
    os.replace(folder / "map.nc", folder / "kept.nc")
    quiet([*commands["map.nc"].split(), *options])
    os.replace(folder / "kept.nc", folder / "map.nc")
    return [*commands, "curves.nc"]


def _proofs(folder: Path, chance: random.Random) -> list[str]:
    """Write a proof, and copies of it in which something is changed."""
    problem = "--power-law 1.5 --count 3 --batch-size 4 --certify -o made.json"
    quiet(["stable", "sgd", "--set", "learning_rate=0.1", *problem.split()])
    text, made = (folder / "made.json").read_text(), ["made.json", "proof.json", "list.json"]
    for number in range(20):
        place = chance.randrange(len(text))
        added = chance.choice(["", "9", "-", '"', "[", "1e999", "null", "/0", "{}", "💥"])
        name = f"made-{number}.json"
        (folder / name).write_text(text[:place] + added + text[place + chance.randrange(3) :])
        made.append(name)
    return made


def quiet(arguments: Sequence[str]) -> None:
    """Run a command that must succeed."""
    from tests.cli.fuzzing import outcome

    ended = outcome(list(arguments), 300.0)
    assert ended.code == 0, ended


def _cut(path: Path) -> str:
    """Write the first half of a file, and return its name."""
    data = path.read_bytes()
    half = path.with_name(f"half-{path.name}")
    half.write_bytes(data[: len(data) // 2])
    return half.name


def craft(folder: Path, name: str, chance: random.Random, count: int = 12) -> list[str]:
    """Write changed copies of a netCDF file, and return their names."""
    import xarray

    made = []
    for number in range(count):
        found = xarray.load_dataset(folder / name, engine="scipy")
        for _ in range(chance.choice([1, 1, 2, 5])):
            with suppress(ValueError, KeyError):  # a change that a dataset cannot have
                found = change(found, chance)
        path = folder / f"{name[:-3]}-{number}.nc"
        try:
            found.to_netcdf(path, engine="scipy")
        except Exception:  # no file can hold this
            shutil.copy(folder / name, path)
            data = bytearray(path.read_bytes())
            for _ in range(5):
                data[chance.randrange(len(data))] = chance.randrange(256)
            path.write_bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])
        made.append(path.name)
    return made


STRANGE: list[Any] = [
    *["", "$", "$x", "\\input{/etc/passwd}", "a" * 5000, "\n", "days since 1970-01-01", "log"],
    *[-1, 0, 3, 1e308, float("nan"), float("inf"), [1.0, 2.0], "[]", "{", '{"a": 1}', "nan"],
]


def change(found: Any, chance: random.Random) -> Any:
    """Return a dataset with something in it changed, taken out or of another kind."""
    names, dims = list(found.variables), list(found.dims)
    name = chance.choice(names) if names else None
    ways = ["attribute", "no attribute", "own attribute"]
    ways += ["drop", "values", "extreme", "units", "rename", "text", "constant"] if names else []
    ways += ["empty", "one", "many", "reverse", "swap", "no coordinate"] if dims else []
    way = chance.choice(ways)
    if way == "attribute":
        found.attrs[chance.choice([*found.attrs, "units", "diagram"])] = chance.choice(STRANGE)
    elif way == "no attribute" and found.attrs:
        del found.attrs[chance.choice(list(found.attrs))]
    elif way == "own attribute":
        some = found[name].attrs if name is not None else found.attrs
        if some and chance.random() < 0.5:
            del some[chance.choice(list(some))]
        else:
            some[chance.choice(["units", "long_name", "label", "flag_values", *some])] = (
                chance.choice(STRANGE)
            )
    elif way == "drop":
        found = found.drop_vars(name)
    elif way in ("values", "extreme", "constant") and found[name].dtype.kind in "iuf":
        values = np.array(found[name].values, dtype=float)
        some = {
            "values": [99.0, -5.0, 0.0, 100.0],
            "extreme": [np.nan, np.inf, -np.inf, 1e308, 5e-324],
            "constant": [chance.choice([0.0, 1.0, -1.0, 7.0])],
        }[way]
        share = 1.0 if way == "constant" else chance.choice([0.1, 1.0])
        mask = np.array([chance.random() < share for _ in range(values.size)], dtype=bool)
        flat = values.reshape(-1)
        flat[mask] = [chance.choice(some) for _ in range(int(mask.sum()))]
        kind = found[name].dtype if np.isfinite(flat).all() and way != "extreme" else float
        found = found.assign({name: (found[name].dims, values.astype(kind), found[name].attrs)})
    elif way == "units":
        found[name].attrs["units"] = chance.choice(STRANGE)
    elif way == "rename":
        found = found.rename({name: chance.choice(["$x$", "a b", "_", "x" * 300, "momentum_$"])})
    elif way == "text":
        words = np.full(found[name].shape, "$word")
        found = found.assign({name: (found[name].dims, words)})
    elif dims:
        dim = chance.choice(dims)
        if way == "empty":
            found = found.isel({dim: slice(0, 0)})
        elif way == "one":
            found = found.isel({dim: slice(0, 1)})
        elif way == "many":
            count = chance.choice([50, 3000]) if found.sizes[dim] else 0
            found = found.isel({dim: np.arange(count) % max(found.sizes[dim], 1)})
        elif way == "reverse":
            found = found.isel({dim: slice(None, None, -1)})
        elif way == "no coordinate":
            found = found.drop_vars(dim, errors="ignore")
        else:
            found = found.rename({dim: chance.choice(["batch_size", "$", "point", "cusp", "x"])})
    return found
