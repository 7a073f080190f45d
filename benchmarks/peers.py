"""Dense noise sums of memory 1 in NumPy, JAX and PyTorch; see ``dense.c`` for the formula."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Sums = Callable[[], Any]
NEEDS = {"JAX, jit": "jax", "PyTorch, eager": "torch", "PyTorch, compiled": "torch"}
_BLOCK = 2**15  # evaluations that NumPy does at once, so that they stay in its caches


def numpy_sums(coefficients: Array, eigenvalues: Array) -> Array:
    """Return the sums of all pixels, block by block and without new arrays inside."""
    pixels = coefficients.shape[1]
    step = max(1, _BLOCK // eigenvalues.size)
    out = np.empty(pixels)
    top, bottom = np.empty((2, step, eigenvalues.size))
    for start in range(0, pixels, step):
        K, g, s1, s2 = coefficients[:, start : start + step, None]
        rows = K.shape[0]
        a, b = top[:rows], bottom[:rows]
        np.multiply(eigenvalues, s2, out=b)
        b += s1
        b *= eigenvalues
        b += 1
        np.multiply(eigenvalues, g, out=a)
        a += 1
        a *= eigenvalues
        a /= b
        out[start : start + rows] = K[:, 0] * a.sum(axis=1)
    return out


def peer_sums(coefficients: Array, eigenvalues: Array) -> dict[str, Sums]:
    """Return a call for each peer that is installed."""
    calls: dict[str, Sums] = {"NumPy": lambda: numpy_sums(coefficients, eigenvalues)}
    if find_spec("jax"):
        calls["JAX, jit"] = _jax(coefficients, eigenvalues)
    if find_spec("torch"):
        calls |= _torch(coefficients, eigenvalues)
    return calls


def use_threads(count: int) -> None:
    """Let PyTorch use that many threads; JAX always takes all processors, NumPy one."""
    if find_spec("torch"):
        import_module("torch").set_num_threads(count)


def _formula(coefficients: Any, x: Any) -> Any:
    K, g, s1, s2 = coefficients
    return (K * x * (1 + g * x) / (1 + x * (s1 + x * s2))).sum(1)


def _jax(coefficients: Array, eigenvalues: Array) -> Sums:
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    rows, x = map(jax.device_put, (tuple(coefficients[:, :, None]), eigenvalues))
    compiled = jax.jit(_formula)
    return lambda: np.asarray(compiled(rows, x))


def _torch(coefficients: Array, eigenvalues: Array) -> dict[str, Sums]:
    torch = import_module("torch")
    rows, x = torch.from_numpy(coefficients[:, :, None].copy()), torch.from_numpy(eigenvalues)
    step = max(1, _BLOCK // eigenvalues.size)
    blocks = [rows[:, start : start + step] for start in range(0, rows.shape[1], step)]
    compiled = torch.compile(_formula)

    def whole() -> Any:
        return compiled(rows.unbind(), x).numpy()

    def eager() -> Any:
        return torch.cat([_formula(block.unbind(), x) for block in blocks]).numpy()

    return {"PyTorch, eager": eager, "PyTorch, compiled": whole}
