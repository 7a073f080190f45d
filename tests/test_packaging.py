"""The package is put together as intended: links, version, light imports."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

import pytest

import sgdmem

ROOT = Path(__file__).parents[1]
LAYERS = ["symbolic", "numeric", "phase_diagrams"]
HEAVY = ["matplotlib", "numba", "scipy", "sympy", "xarray"]


@pytest.mark.parametrize("layer", LAYERS)
def test_package_folder_is_the_top_level_folder(layer: str) -> None:
    folder, link = ROOT / layer, ROOT / "sgdmem" / layer
    assert link.is_dir(), f"sgdmem/{layer} is not a folder: clone with core.symlinks=true"
    if folder.exists():  # a source distribution has the code in sgdmem/ only
        assert link.samefile(folder), f"sgdmem/{layer} is a copy: clone with core.symlinks=true"


def test_version_is_the_same_everywhere() -> None:
    with suppress(PackageNotFoundError):  # run from a checkout that is not installed
        assert version("sgdmem") == sgdmem.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.*)$", citation, re.M) == [sgdmem.__version__]


def test_importing_the_package_is_light() -> None:
    code = f"import sys, sgdmem; print(*(name for name in {HEAVY} if name in sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


DOORS = [sgdmem.methods, sgdmem.pictures, sgdmem.proofs, sgdmem.systems, sgdmem.training]
DOORS += [sgdmem.errors]
AT_THE_TOP_TOO = {"sgd", "heavy_ball", "nesterov", "torch_sgd", "qhm", "aggmo", "InputError"}
AT_THE_TOP_TOO |= {"SgdmemError"}


def test_the_top_table_is_read_at_a_glance() -> None:
    names = [name for name in dir(sgdmem) if not isinstance(getattr(sgdmem, name), ModuleType)]
    assert len(names) <= 31


def test_every_name_has_one_home() -> None:
    names = [*dir(sgdmem), *(name for door in DOORS for name in door.__all__)]
    assert {name for name in names if names.count(name) > 1} == AT_THE_TOP_TOO
    for door in DOORS:
        for name in set(door.__all__) & AT_THE_TOP_TOO:
            assert getattr(door, name) is getattr(sgdmem, name)
