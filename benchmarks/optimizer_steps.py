"""Steps of methods as optimizers beside those of PyTorch's own.

``python -m benchmarks.optimizer_steps`` needs ``torch``. The tensors are those of a ResNet-50 (161
of them, 25.6 million numbers), and of one with a fifth of its channels. One thread, float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

import sgdmem
from benchmarks.machine import installed
from benchmarks.measuring import least_seconds, short, table
from sgdmem.training import LinearMemory

BLOCKS = ((64, 3), (128, 4), (256, 6), (512, 3))  # channels and number of bottlenecks
ROUNDS = 15


def shapes(narrower: int) -> Iterator[tuple[int, ...]]:
    """Return the shapes of a ResNet-50 with fewer channels."""

    def convolution(out: int, into: int, size: int) -> Iterator[tuple[int, ...]]:
        yield from [(out, into, size, size), (out,), (out,)]  # and its normalisation

    yield from convolution(64 // narrower, 3, 7)
    into = 64 // narrower
    for channels, count in BLOCKS:
        inner, out = channels // narrower, 4 * channels // narrower
        for block in range(count):
            yield from convolution(inner, into, 1)
            yield from convolution(inner, inner, 3)
            yield from convolution(out, inner, 1)
            if block == 0:
                yield from convolution(out, into, 1)
            into = out
    yield from [(1000 // narrower, into), (1000 // narrower,)]


def parameters(narrower: int) -> list[Any]:
    """Return tensors with gradients."""
    found = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes(narrower)]
    for p in found:
        p.grad = torch.randn_like(p)
    return found


def steps(params: list[Any]) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """Return names, steps of PyTorch, and ours."""
    for name, options, rule in [
        ("SGD", {}, sgdmem.sgd(1)),
        ("heavy ball", {"momentum": 0.9}, sgdmem.torch_sgd(1, 0.9)),
        (
            "Nesterov",
            {"momentum": 0.9, "nesterov": True},
            sgdmem.torch_sgd(1, 0.9, nesterov=True),
        ),
        ("memory 2, beside the heavy ball", {"momentum": 0.9}, sgdmem.aggmo(1, [0.9, 0.99])),
    ]:
        theirs = torch.optim.SGD(params, lr=1e-9, foreach=True, **options)
        yield name, theirs.step, LinearMemory(params, rule, lr=1e-9).step


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    rows = []
    for narrower in (5, 1):
        params = parameters(narrower)
        count = sum(p.numel() for p in params) / 1e6
        for name, theirs, ours in steps(params):
            seconds = least_seconds({"torch": theirs, "ours": ours}, ROUNDS)
            times = [short(1e3 * seconds[key]) for key in ("torch", "ours")]
            ratio = short(seconds["ours"] / seconds["torch"])
            rows.append([f"{count:.1f}", str(len(params)), name, *times, ratio])
            print(rows[-1], flush=True)
    head = ["million numbers", "tensors", "method", "PyTorch, ms", "LinearMemory, ms", "ratio"]
    print(f"PyTorch {installed('torch')}\n\n{table(head, rows)}")


if __name__ == "__main__":
    main()
