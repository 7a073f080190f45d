"""Running flat kernels on a GPU, or in Numba's simulator (NUMBA_ENABLE_CUDASIM=1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.symbolic.errors import InputError

THREADS = 128  # in a block
_MOST_BLOCKS = 4096

Device = Literal["cpu", "cuda", "auto"]


def _numba_cuda() -> Any:
    return import_module("numba.cuda")


def is_available() -> bool:
    """Whether there is a GPU that Numba can use, or its simulator runs."""
    return bool(_numba_cuda().is_available())


def chosen_device(device: Device) -> Literal["cpu", "cuda"]:
    """Return where to compute: ``"auto"`` is a GPU where there is one.

    Raises
    ------
    InputError
        If a GPU is wanted and there is none, or the word is none of the three.
    """
    if device not in ("cpu", "cuda", "auto"):
        raise InputError(f"device must be 'cpu', 'cuda' or 'auto', got {device!r}")
    if device == "cpu":
        return "cpu"
    if is_available():
        return "cuda"
    if device == "cuda":
        raise InputError(
            "device 'cuda': Numba finds no GPU (numba -s says why); use device='cpu', or "
            "NUMBA_ENABLE_CUDASIM=1 to run the kernels in its simulator"
        )
    return "cpu"


def run_flat(
    source: str, function: str, inputs: Sequence[Any], outputs: Sequence[tuple[int, ...]]
) -> list[Array]:
    """Run a flat kernel of a generated module; the last axis of the first input is divided.

    Parameters
    ----------
    source, function
        The module and the kernel's name in it.
    inputs
        Arrays and floats.
    outputs
        Shapes of the arrays of float64 that it fills, which follow the inputs.
    """
    chosen_device("cuda")
    cuda = _numba_cuda()
    kernel = _kernel(source, function)
    members = inputs[0].shape[-1]
    blocks = max(1, min(_MOST_BLOCKS, -(-members // THREADS)))
    given = [cuda.to_device(x) if isinstance(x, np.ndarray) else x for x in inputs]
    results = [cuda.device_array(shape, dtype=np.float64) for shape in outputs]
    kernel[blocks, THREADS](*given, *results)
    return [result.copy_to_host() for result in results]


@lru_cache(maxsize=64)
def _kernel(source: str, function: str) -> Any:
    return _numba_cuda().jit(flat_function(source, function), fastmath=False)


def flat_function(source: str, function: str) -> Any:
    """Return a function of a generated module as plain Python."""
    scope: dict[str, Any] = {"__name__": "sgdmem_generated"}
    exec(compile(source, f"<{function}>", "exec"), scope)
    return scope[function]
