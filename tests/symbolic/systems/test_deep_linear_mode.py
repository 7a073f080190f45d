"""The equation of a mode, against Itô's rule for layers of their own, without balance."""

from __future__ import annotations

from typing import Any

import pytest

from sgdmem.symbolic.systems.deep_linear_mode import mode_equation, mode_symbols


@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("coordinate", ["s", "log", "flat"])
def test_equations_are_those_of_separate_layers(depth: int, coordinate: str) -> None:
    import sympy

    s, L, G, V = mode_symbols()
    layers = sympy.symbols(f"u1:{depth + 1}", positive=True)
    product = sympy.prod(layers)
    functions: dict[str, Any] = {
        "s": product,
        "log": sympy.log(product),
        "flat": sympy.log(product) / 2
        if depth == 2
        else -(product ** -sympy.Rational(depth - 2, depth)) / (depth - 2),
    }
    f = functions[coordinate]
    others = [product / layer for layer in layers]
    drift = sum(-sympy.diff(f, x) * r * G for x, r in zip(layers, others, strict=True))
    drift += sum(
        sympy.diff(f, x, y) * p * q * V / 2
        for x, p in zip(layers, others, strict=True)
        for y, q in zip(layers, others, strict=True)
    )
    noise = sum(sympy.diff(f, x) * r for x, r in zip(layers, others, strict=True))
    balanced = {layer: s ** sympy.Rational(1, depth) for layer in layers}
    found = mode_equation(coordinate)
    assert sympy.simplify(drift.subs(balanced) - found.drift.subs(L, depth)) == 0
    squared = (noise**2 * V).subs(balanced) - (found.diffusion**2).subs(L, depth)
    assert sympy.simplify(squared) == 0
