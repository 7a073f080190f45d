"""Running flat kernels on a GPU, or in Numba's simulator (NUMBA_ENABLE_CUDASIM=1)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal, get_args

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.errors import InputError, shown

THREADS = 128  # in a block
_MOST_BLOCKS = 4096

Device = Literal["cpu", "cuda", "auto"]


def _numba_cuda() -> Any:
    return import_module("numba.cuda")


def is_available() -> bool:
    """Whether there is a GPU that Numba can use, or its simulator runs."""
    return bool(_numba_cuda().is_available())


def is_simulated() -> bool:
    """Whether Numba's simulator is to take a GPU's place."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"


def chosen_device(
    device: Device, fault: Callable[[], str | None] | None = None
) -> Literal["cpu", "cuda"]:
    """Return where to compute: ``"auto"`` is a GPU where there is one.

    Parameters
    ----------
    device : {"cpu", "cuda", "auto"}
    fault : callable, optional
        Returns why there is none that can be used, None if there is: Numba's is meant otherwise.

    Raises
    ------
    InputError
        If a GPU is wanted and there is none, or the word is none of the three.
    """
    if device not in get_args(Device):
        raise InputError(f"device must be 'cpu', 'cuda' or 'auto', got {shown(device)}")
    if device == "cpu":
        return "cpu"
    lacking = (fault or _fault_of_numba)()
    if lacking is None:
        return "cuda"
    if device == "auto":
        return "cpu"
    raise InputError(f"device 'cuda'{lacking}")


def _fault_of_numba() -> str | None:
    if is_available():
        return None
    return (
        ": Numba finds no GPU (numba -s says why); use device='cpu', or "
        "NUMBA_ENABLE_CUDASIM=1 to run the kernels in its simulator"
    )


@lru_cache(maxsize=64)
def flat_kernel(source: str, function: str) -> Callable[..., None]:
    """Compile a flat function of a generated module: one thread takes members in strides.

    The function takes the number of members first. The result takes what it takes, and a stream.
    """
    kernel = _numba_cuda().jit(flat_function(source, function))

    def launch(members: int, *arguments: Any, stream: Any = 0) -> None:
        blocks = max(1, min(_MOST_BLOCKS, -(-members // THREADS)))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*Grid size")  # a small map is no mistake
            kernel[blocks, THREADS, stream](members, *arguments)

    return launch


def flat_function(source: str, function: str) -> Any:
    """Return a function of a generated module as plain Python."""
    scope: dict[str, Any] = {"__name__": "sgdmem_generated"}
    exec(compile(source, f"<{function}>", "exec"), scope)
    return scope[function]


def to_device(value: Any) -> Any:
    """Return an array in the memory of the GPU; anything else as it is."""
    return _numba_cuda().to_device(value) if isinstance(value, np.ndarray) else value


def empty_on_device(shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """Return an array in the memory of the GPU."""
    return _numba_cuda().device_array(shape, dtype=dtype)


def to_host(array: Any) -> Array:
    """Return a copy of an array of the GPU."""
    return np.asarray(array.copy_to_host())


def new_stream() -> Any:
    """Return an order of work on the GPU: what belongs to it is done one after the other."""
    return _numba_cuda().stream()


def new_event() -> Any:
    """Return a mark in a stream that can be waited for."""
    return _numba_cuda().event()


def pinned(size: int, dtype: Any = np.float64) -> Array:
    """Return memory of this side that a GPU copies into by itself."""
    return np.asarray(_numba_cuda().pinned_array(size, dtype=dtype))
