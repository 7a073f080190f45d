"""Leading directions by products alone, against dense eigenvectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sgdmem

torch = pytest.importorskip("torch")

from sgdmem.numeric.training.networks.krylov_space import KrylovSpace  # noqa: E402
from sgdmem.numeric.training.networks.leading_directions import (  # noqa: E402
    leading_of_products,
    products_for,
)
from sgdmem.numeric.training.networks.linearized import linearization  # noqa: E402
from tests.numeric.training.test_linearized import double_precision, mlp  # noqa: E402

Array = np.ndarray[Any, np.dtype[Any]]
in_double = double_precision


def symmetric(sizes: Any, seed: int = 0) -> Array:
    sizes = np.asarray(sizes, dtype=float)
    axes = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(sizes), len(sizes))))[0]
    return np.asarray((axes * sizes) @ axes.T)


def products_of(matrix: Array) -> Any:
    dense = torch.as_tensor(matrix)
    return lambda vector: dense @ vector


def starts(count: int) -> Any:
    generator = np.random.default_rng(1)
    return lambda: torch.as_tensor(generator.normal(size=count))


def test_an_eigenvalue_is_within_the_error_of_each_through_all_starts() -> None:
    sizes = np.concatenate([np.linspace(-1, 1, 30), [2.0, 2.0, 5.0, 5.0, 5.0]])
    start = starts(35)
    space = KrylovSpace(products_of(symmetric(sizes)), 30, start())
    for k in range(30):
        if k in (7, 15, 22):
            space.begin(start())
        space.grow()
        nearest = abs(space.sizes[:, None] - sizes).min(axis=1)
        assert (nearest <= space.errors + 1e-12).all()
        assert space.asymmetry < 1e-12
    assert space.is_full and not space.can_grow
    assert space.sizes[-5:] == pytest.approx(sizes[-5:], abs=1e-2)
    axes = space.directions([-1]).numpy()[:, 0]
    assert axes @ axes == pytest.approx(1)
    assert axes @ symmetric(sizes) @ axes == pytest.approx(space.sizes[-1])


def test_a_space_that_is_closed_goes_on_from_another_direction() -> None:
    matrix = symmetric([3.0, 3.0, 0.0, 0.0, 0.0])
    space = KrylovSpace(products_of(matrix), 5, torch.as_tensor(matrix[0]))
    space.grow()
    assert not space.can_grow and not space.is_full and space.errors == [0]
    space.begin(torch.as_tensor(matrix[1]))
    space.grow()
    assert space.sizes == pytest.approx([3, 3]) and not space.can_grow


def test_products_that_are_not_symmetric_or_finite_are_seen() -> None:
    space = KrylovSpace(products_of(np.triu(symmetric(range(6)))), 6, torch.ones(6))
    space.grow()
    space.grow()
    assert space.asymmetry > 0.1
    space = KrylovSpace(lambda vector: vector * np.nan, 6, torch.ones(6))
    with pytest.raises(sgdmem.InputError, match="finite second derivatives"):
        space.grow()


@pytest.mark.parametrize("copies", [1, 2, 3])
@pytest.mark.parametrize("count", [6, None])
def test_equal_eigenvalues_are_found(copies: int, count: int | None) -> None:
    expected = np.repeat([9.0, 7.0, 4.0], copies)
    matrix = symmetric([*expected, *np.geomspace(1, 1e-4, 60)])
    space, which = leading_of_products(products_of(matrix), starts(len(matrix)), count)
    found = space.sizes[which]
    assert len(space) <= products_for(count)
    assert found[: len(expected)] == pytest.approx(expected[: len(found)], rel=1e-2)
    assert len(found) >= min(len(expected), 6)
    axes = space.directions(which).numpy()
    assert axes.T @ axes == pytest.approx(np.eye(len(found)), abs=1e-10)
    assert axes.T @ matrix @ axes == pytest.approx(np.diag(found), abs=1e-9)


def test_what_has_no_size_is_left_out_and_costs_nothing() -> None:
    sizes = [21.0, 16.0, 12.0, 9.6, 8.6, 7.6, 5.6, 4.5, 4.0, *np.geomspace(2e-4, 1e-9, 300)]
    space, which = leading_of_products(products_of(symmetric(sizes)), starts(309), 12)
    assert space.sizes[which] == pytest.approx(sizes[:9])
    assert len(space) < 20
    nothing, which = leading_of_products(torch.zeros_like, lambda: torch.zeros(5), 3)
    assert nothing.sizes[which] == [0]


def test_outputs_that_are_alike_have_all_their_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    x, model = torch.randn(30, 6), torch.nn.Linear(6, 3, bias=False)  # each eigenvalue three times
    y, loss = torch.randn(30, 3), torch.nn.MSELoss()
    monkeypatch.setattr("sgdmem.numeric.training.networks.linearized._KEPT", 0)
    found = linearization(model, loss, (x, y), modes=9)
    expected = np.repeat(np.linalg.eigvalsh(2 / 3 / 30 * (x.T @ x).numpy())[::-1][:3], 3)
    assert found.problem.spectrum.eigenvalues == pytest.approx(expected, rel=1e-2)


def test_rows_along_modes_are_made_of_those_of_the_products(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, model = torch.randn(25, 4), mlp(3, 6)
    y, loss = torch.randint(0, 3, (25,)), torch.nn.CrossEntropyLoss()
    monkeypatch.setattr("sgdmem.numeric.training.networks.linearized._KEPT", 0)
    found = linearization(model, loss, (x, y), at_once=7)
    assert found.basis is not None and found.problem.samples is not None
    squares = np.square(found.gauss_newton.projected(found.basis)).sum(axis=(0, 1)) / 25
    assert squares == pytest.approx(found.problem.samples.eigenvalues, rel=1e-9)
