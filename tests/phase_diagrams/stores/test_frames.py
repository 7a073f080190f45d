"""Large chunks of floats go to disk from the memory in which they were computed."""

from __future__ import annotations

import os
from errno import EINVAL, ENOSPC
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

from sgdmem import phase_diagram
from sgdmem.phase_diagrams.maps.stored_map import read_stored_map
from sgdmem.phase_diagrams.stores import frames
from sgdmem.phase_diagrams.stores.frames import Frame

pytest.importorskip("zarr")

# chunks of 370 x 370: stable, on both sides of the edge, and without any noise sum; the last ones
# along both axes are not full
MAP: dict[str, Any] = {
    "family": "heavy-ball",
    "x": ("learning_rate", np.concatenate([np.linspace(0.01, 1, 370), np.linspace(1.5, 12, 1000)])),
    "y": ("momentum", np.linspace(0, 0.9, 400)),
    "problem": [1, 0.5, 0.1],
    "batch_size": 64,
}
WHOLE = "noise_sum/c/0/0"  # stable everywhere


@pytest.fixture(scope="module")
def whole() -> xarray.Dataset:
    return phase_diagram(**MAP)


def opening(file: Any, flags: int, *mode: int, plainly: Any = os.open) -> int:
    """Open a file as a disk does that takes nothing past the system's memory."""
    if flags & getattr(os, "O_DIRECT", 0):
        raise OSError(EINVAL, "Invalid argument")
    return int(plainly(file, flags, *mode))


def refusing(target: int, data: Any) -> int:
    """Write as a disk does that tells it only then."""
    raise OSError(EINVAL, "Invalid argument")


@pytest.mark.parametrize("refused", ["", "O_DIRECT", "open", "write"])
def test_chunks_are_those_of_the_map(
    refused: str, tmp_path: Path, whole: xarray.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write = Frame.write

    def noted(frame: Frame, file: Path, data: bytes | None = None) -> None:
        written.append(0 if data is None else len(data))
        write(frame, file, data)

    monkeypatch.setattr(Frame, "write", noted)
    if refused == "O_DIRECT":
        monkeypatch.setattr(frames, "_DIRECTLY", 0)
    elif refused:
        monkeypatch.setattr(os, refused, {"open": opening, "write": refusing}[refused])
    found = phase_diagram(**MAP, store=tmp_path / "map.zarr", chunk=370)
    monkeypatch.undo()
    # as it is, compressed, and all of one value
    assert len(written) == 3 and written[0] == 0 and written[1] > 50 * written[2] > 0
    assert (tmp_path / "map.zarr" / WHOLE).stat().st_size == 16 + 8 * 370**2 + 4
    xarray.testing.assert_identical(found.load(), whole)
    xarray.testing.assert_identical(read_stored_map(tmp_path / "map.zarr").load(), whole)
    assert not [*tmp_path.rglob("*.partial")]


def test_a_full_disk_costs_the_chunk(
    tmp_path: Path, whole: xarray.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, write = tmp_path / "map.zarr", os.write

    def full(target: int, data: Any) -> int:
        if len(data) > 4096:
            return write(target, data[:4096])
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left on device"):
        phase_diagram(**MAP, store=store, chunk=370)
    monkeypatch.undo()
    assert not (store / WHOLE).exists() and not [*store.rglob("*.partial")]
    with pytest.warns(UserWarning, match="stable/c/0/0 is missing .*, and is computed again"):
        again = phase_diagram(**MAP, store=store)
    xarray.testing.assert_identical(again.load(), whole)


def test_damage_of_what_is_not_compressed_is_seen(tmp_path: Path, whole: xarray.Dataset) -> None:
    store = tmp_path / "map.zarr"
    phase_diagram(**MAP, store=store, chunk=370)
    data = bytearray((store / WHOLE).read_bytes())
    data[500_000] ^= 1
    (store / WHOLE).write_bytes(data)
    with pytest.warns(UserWarning, match=f"{WHOLE} is damaged, and is computed again"):
        again = phase_diagram(**MAP, store=store)
    xarray.testing.assert_identical(again.load(), whole)


def test_only_values_in_the_memory_of_a_frame_are_its_own() -> None:
    frame = Frame((4, 4))
    assert frame.holds(frame.values) and frame.holds(frame.values.reshape(-1).reshape(4, 4))
    for other in (frame.values.copy(), frame.values.T, frame.values[:2], np.zeros((4, 4))):
        assert not frame.holds(other)
