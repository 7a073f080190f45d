"""The pictures of docs/questions and docs/systems.

Writes root_locus.png, noise_summand.png, losses.png, two_edges.png, batch_sharpness.png,
marginal_momentum.png, mem_sgd.png, spectral_conflict.png, sparse_phases.png, dana_phases.png,
deep_linear.png, kaczmarz.png, associative_memory.png, adaptive_methods.png,
adaptive_methods_all.png and dana_losses.png to the current folder, or the folder given as the only
argument.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import sgdmem

SYSTEMS = {  # diagrams of papers, and their points
    **{"batch-sharpness": 200, "marginal-momentum": 200, "mem-sgd": 200},
    **{"spectral-conflict": 100, "sparse-phases": 25, "dana-phases": 60},
    **{"kaczmarz": 200, "associative-memory": 7, "adaptive-methods": 60},
    **{"deep-linear": 150},
}


def main(folder: Path, quick: bool = False) -> None:
    """Draw and write them."""
    write(
        sgdmem.pictures.draw_root_locus(sgdmem.heavy_ball("0.1", "0.9"), sgdmem.Spectrum([40, 1])),
        folder / "root_locus.png",
    )
    method = sgdmem.methods.memory_one(100, "0.5", "1e-4")
    write(
        sgdmem.pictures.draw_noise_summand(method, sgdmem.Problem.power_law(1.5), batch_size=8),
        folder / "noise_summand.png",
    )
    problem = sgdmem.Problem.power_law(
        2, "0.5", count=100 if quick else 2000, noise=sgdmem.Noise(tau2=-1)
    )
    rules = {
        "SGD": sgdmem.sgd("0.5"),
        "heavy ball": sgdmem.heavy_ball("0.2", "0.9"),
        "AM1": sgdmem.methods.accelerated(problem, 32),
    }
    question = problem, 32, 300 if quick else 3000
    record = [1, 3, 10, 30, 100, 300] + ([] if quick else [1000, 3000])
    runs = {
        name: sgdmem.simulate(rule, *question, seeds=8, record=record)
        for name, rule in rules.items()
    }
    write(
        sgdmem.pictures.draw_losses(rules, *question, simulations=runs),
        folder / "losses.png",
    )
    features = sgdmem.systems.random_features(1, 0.3, 50 if quick else 500)
    methods = sgdmem.systems.dana_methods(features)
    write(
        sgdmem.pictures.draw_losses(methods, features.problem, 1, 1000 if quick else 10**5),
        folder / "dana_losses.png",
    )
    size = {"points": 20, "resolution": 8} if quick else {"points": 400}
    write(
        sgdmem.systems.named_diagram("batch-size-learning-rate", **size), folder / "two_edges.png"
    )
    for name, points in SYSTEMS.items():
        axes = sgdmem.systems.named_diagram(name, points=3 if quick else points)
        write(axes, folder / f"{name.replace('-', '_')}.png")
    every: Any = {"labels": (21, 101), "p": (0, 1), "points": 3 if quick else 100}
    axes = sgdmem.systems.named_diagram("adaptive-methods", **every)
    write(axes, folder / "adaptive_methods_all.png")


def write(axes: Any, path: Path) -> None:
    """Write a picture with 256 colours, a third of the size."""
    from PIL import Image

    axes.figure.savefig(path, dpi=110)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)
    print(f"wrote {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
