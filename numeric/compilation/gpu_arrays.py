"""Arrays of float64 on a GPU, by PyTorch, or those of NumPy in their place.

What is written with operators, methods and functions that both know under one name runs on either.
Where Numba's simulator takes a GPU's place, NumPy's arrays do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.memory import memory
from sgdmem.numeric.compilation.cuda import Device, chosen_device, is_simulated
from sgdmem.symbolic.errors import InputError


@dataclass(frozen=True)
class ArrayLibrary:
    """A library, and the way to its arrays and back.

    Attributes
    ----------
    module
        ``amax``, ``cat`` or ``concatenate``, and more; arrays have operators and methods.
    put, get : callable
        From an array of NumPy, and back.
    room : callable
        How many bytes are free where its arrays are.
    """

    module: Any
    put: Callable[[Array], Any]
    get: Callable[[Any], Array]
    room: Callable[[], float]


NUMPY = ArrayLibrary(np, np.asarray, np.asarray, memory)


@cache
def torch_library(place: str) -> ArrayLibrary:
    """Return PyTorch's arrays on a device, such as ``"cuda"`` or ``"cpu"``."""
    torch = import_module("torch")
    on_gpu = place != "cpu"

    def put(array: Array) -> Any:
        # through pinned memory, which PyTorch keeps for the next one
        found = torch.empty(array.shape, dtype=torch.float64, pin_memory=on_gpu)
        found.numpy()[...] = array
        return found.to(place, non_blocking=True)

    def get(array: Any) -> Array:
        return np.asarray(array.cpu().numpy())

    def room() -> float:
        return float(torch.cuda.mem_get_info()[0]) if on_gpu else memory()

    return ArrayLibrary(torch, put, get, room)


def require_digits(library: ArrayLibrary, shape: tuple[int, int]) -> None:
    """Raise InputError unless products of matrices keep all digits of their factors.

    Some libraries can be told to make products of float64 from numbers with fewer digits, from
    some size on: they are tried for rows of a shape. Here each sum has one term that is not 0, so
    it is exact in any order, if its factors are.

    >>> require_digits(NUMPY, (5, 3))
    """
    n, d = shape
    few, put = min(n, d), library.put
    numbers = np.sqrt(np.arange(2.0, 2 + n * d)).reshape(n, d)  # with all their digits
    turned, chosen, expected = np.eye(d)[::-1], np.zeros((n, d)), np.zeros((d, d))
    chosen[:few, :few], expected[:, :few] = np.eye(few)[::-1], numbers[:few][::-1].T
    there = put(numbers)
    first, second = library.get(there @ put(turned)), library.get(there.T @ put(chosen))
    if not ((first == numbers[:, ::-1]).all() and (second == expected).all()):
        raise InputError(
            "device 'cuda': products of float64 matrices are made from shorter numbers there "
            "(an emulation that was asked for), so no bound of their errors holds: turn that off"
        )


def chosen_library(device: Literal["cpu", "cuda"]) -> ArrayLibrary:
    """Return the arrays of a device that `device_of_data` has chosen."""
    if device == "cpu" or is_simulated():
        return NUMPY
    return torch_library("cuda")


def device_of_data(device: Device) -> Literal["cpu", "cuda"]:
    """Return where passes over data run: ``"auto"`` is a GPU where PyTorch finds one.

    Raises
    ------
    InputError
        If a GPU is wanted and there is none, or the word is none of the three.
    """
    return chosen_device(device, _fault_of_torch)


def _fault_of_torch() -> str | None:
    if is_simulated():
        return None
    if find_spec("torch") is None:
        lacking = "it needs PyTorch, which is not installed (pip install 'sgdmem[torch]')"
    elif not import_module("torch").cuda.is_available():
        lacking = "PyTorch finds no GPU (python -m torch.utils.collect_env says why)"
    else:
        return None
    return f" for data: {lacking}; use device='cpu'"
