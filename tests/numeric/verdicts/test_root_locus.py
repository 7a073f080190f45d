"""Root loci: the branches against NumPy's roots and closed forms, and their picture."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem import InputError, Spectrum
from sgdmem.numeric.verdicts.root_locus import complex_circle, complex_roots, root_locus
from sgdmem.pictures import artists, draw_root_locus
from tests.picture_checks import colour_at, is_colour, pdf_bytes, svg_ids, texts_outside

GREY, RED, ORANGE = "#8c8c94", "#d55e00", "#e69f00"
METHODS: dict[str, tuple[Any, float]] = {
    "sgd": (sgdmem.sgd("0.5"), 5),
    "heavy ball": (sgdmem.heavy_ball("0.1", "0.9"), 50),
    "nesterov": (sgdmem.nesterov("0.5", "0.9"), 2),
    "circle": (sgdmem.methods.memory_one("5", "0.6", "0.15"), 1),
    "aggmo": (sgdmem.aggmo(0.5, [0.0, 0.9, 0.99]), 1),
    # a complex pair that passes a real root
    "passing": (
        sgdmem.Algorithm(
            "0.5", b=["0.8", "0.4"], c=["0.2", "0.1"], D=[["0.5", "0.3"], ["0.7", "0"]]
        ),
        4,
    ),
    "averaged": (sgdmem.methods.averaged_sgd("0.5", "0.1"), 1),
}


@pytest.mark.parametrize("name", METHODS)
def test_branches_are_the_roots(name: str) -> None:
    method, top = METHODS[name]
    found = root_locus(method, top)
    assert found.eigenvalues[0] == 0 and found.eigenvalues[-1] == top
    assert (np.diff(found.eigenvalues) > 0).all()
    _, P, Q, _ = method.polynomials
    p, q = (np.array([float(value) for value in x]) for x in (P, (*Q, 0)))
    for lam, roots in zip(found.eigenvalues, found.branches, strict=True):
        naive = np.roots((p - lam * q)[::-1])
        assert roots.shape == naive.shape
        # companion matrices lose half of the digits where roots coincide, ours do not
        assert np.abs(roots[:, None] - naive[None]).min(axis=0).max() < 3e-5


@pytest.mark.parametrize("name", METHODS)
def test_branches_are_smooth(name: str) -> None:
    method, top = METHODS[name]
    found = root_locus(method, top)
    steps = np.abs(np.diff(found.branches, axis=0)) / np.maximum(1, np.abs(found.branches[:-1]))
    assert steps.max() <= 0.02 + 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_branches_are_continued_roots(seed: int) -> None:
    """Newton's method in tiny steps of lambda follows each root by itself."""
    rng = np.random.default_rng(seed)
    pair = rng.uniform(-0.6, 0.3) + np.array([1j, -1j]) * rng.uniform(0.4, 0.7)
    P = np.polynomial.polynomial.polyfromroots([1, *pair]).real
    Q = rng.uniform(-0.5, 0.5, size=3)
    method = sgdmem.Algorithm.from_recurrence(list(-P[:-1]), list(Q))
    found = root_locus(method, 1)
    steps = 2000
    x = found.branches[0].astype(complex)
    apart = np.inf
    for lam in np.linspace(0, 1, steps + 1)[1:]:
        chi = np.polynomial.Polynomial(P) - lam * np.polynomial.Polynomial(Q)
        for _ in range(3):
            x = x - chi(x) / chi.deriv()(x)
        apart = min(apart, min(abs(x[i] - x[j]) for i in range(3) for j in range(i)))
    if apart < 0.01:
        pytest.skip("two roots meet: either may go on as the other")
    np.testing.assert_allclose(found.branches[-1], x, atol=1e-9)


def test_collisions_are_double_roots() -> None:
    # by hand: (1 + 9/10 - lam/10)^2 = 4 * 9/10
    found = root_locus(METHODS["heavy ball"][0], 50)
    expected = [10 * (1.9 - 2 * 0.9**0.5), 10 * (1.9 + 2 * 0.9**0.5)]
    assert found.collisions == pytest.approx(expected, rel=1e-14)
    for lam in found.collisions:
        one, other = found.branches[found.eigenvalues == lam][0]
        assert abs(one - other) < 1e-7  # the root of the rounding of the eigenvalue


def test_clusters_lose_no_digits() -> None:
    # (x - 1)(x - r)^5, r = 1 - 1e-3: NumPy's roots are wrong by 1e-3
    near = Fraction(999, 1000)
    P = [Fraction(1)]
    for root in (Fraction(1), *[near] * 5):
        shifted = [Fraction(0), *P]
        P = [a - root * b for a, b in zip(shifted, [*P, Fraction(0)], strict=True)]
    found = np.sort(complex_roots(P).real)
    assert found == pytest.approx([0.999] * 5 + [1.0], abs=1e-15)
    naive = np.roots([float(value) for value in P[::-1]])
    assert np.abs(naive - 0.999).min() > 1e-7


@pytest.mark.parametrize("name", ["heavy ball", "nesterov", "circle"])
def test_complex_roots_lie_on_the_circle(name: str) -> None:
    method, top = METHODS[name]
    circle = complex_circle(method)
    assert circle is not None
    roots = root_locus(method, top).branches
    pairs = roots[np.abs(roots.imag) > 1e-9]
    assert pairs.size > 50
    assert np.abs(pairs - circle.centre) == pytest.approx(circle.radius, rel=1e-12)


def test_real_roots_have_no_circle() -> None:
    assert complex_circle(sgdmem.methods.memory_one(1, "0.6", "0.9")) is None
    assert (
        np.abs(root_locus(sgdmem.methods.memory_one(1, "0.6", "0.9"), 1).branches.imag).max() == 0
    )
    with pytest.raises(InputError, match="must have memory 1"):
        complex_circle(sgdmem.sgd(1))


def test_the_picture() -> None:
    axes = draw_root_locus(METHODS["heavy ball"][0], Spectrum([40, 1]))
    found = artists(axes)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Re $x$", "Im $x$")
    assert axes.get_aspect() == 1
    assert len(found["branch"]) == 2
    (circle,) = found["unit-circle"]
    assert np.hypot(*circle.get_data()) == pytest.approx(1)
    assert np.sort(found["root-of-P"][0].get_xdata()) == pytest.approx([0.9, 1])
    assert found["root-of-Q"][0].get_xdata() == pytest.approx([0])
    # it leaves the disk where chi(-1) = 0: 2 (1 + 9/10) = lam/10
    assert found["crossing"][0].get_xydata() == pytest.approx(np.array([[-1, 0]]))
    assert [text.get_text() for text in found["critical-eigenvalue"]] == [r"$\lambda = 38$"]
    assert texts_outside(axes.figure) == []


def test_colours_are_where_the_roots_are() -> None:
    axes = draw_root_locus(METHODS["circle"][0], Spectrum([1]))
    branch, *_ = artists(axes)["branch"]
    # |x - 4/9|^2 = P(4/9) by Theorem 6.2, at the top of the circle
    centre, radius = 4 / 9, ((1 - 4 / 9) * (0.85 - 4 / 9)) ** 0.5
    top = colour_at(axes, centre, radius)
    assert branch.norm.vmax == 1
    x = centre + 1j * radius
    exact = ((x - 1) * (x - 0.85) / (0.6 - 1.35 * x)).real  # lambda = P / Q
    expected = branch.cmap(branch.norm(exact))[:3]
    assert np.abs(top - expected).max() < 0.05
    (circle,) = artists(axes)["complex-roots"]
    assert np.hypot(circle.get_xdata() - centre, circle.get_ydata()) == pytest.approx(radius)
    assert is_colour(colour_at(axes, -1, 0), GREY)  # the unit circle
    assert is_colour(colour_at(axes, 0, 0.5), "white")


def test_a_locus_that_stays_inside_has_no_crossing() -> None:
    found = artists(draw_root_locus(METHODS["nesterov"][0], Spectrum([1])))
    assert "crossing" not in found and "critical-eigenvalue" not in found


def test_it_can_be_drawn_into_axes() -> None:
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert draw_root_locus(METHODS["aggmo"][0], Spectrum([1]), ax=ax, explained=False) is ax
    assert ax.get_legend() is None and len(ax.figure.axes) == 1
    assert len(artists(ax)["branch"]) == 4


def test_roots_that_are_complex_from_the_start() -> None:
    # P = (x - 1)^2 and Q = -1: the roots are 1 +- i sqrt(lambda)
    method = sgdmem.Algorithm(alpha=0, b=[1], c=[-1], D=[[1]], a=[0])
    circle = complex_circle(method)
    assert circle is not None and (circle.centre, circle.radius) == (1.0, np.inf)
    real = sgdmem.methods.memory_one(1, 1, "0.5")  # both roots stay real
    assert complex_circle(real) is None


@pytest.mark.slow
def test_files() -> None:
    figure = draw_root_locus(METHODS["circle"][0], Spectrum([1])).figure
    ids = svg_ids(figure)
    assert {"branch", "branch-2", "unit-circle", "root-of-P", "complex-roots"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert pdf_bytes(figure) == b"%PDF-%%EOF"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, Spectrum([1])), "algorithm must be an Algorithm, got 1"),
        ((sgdmem.methods.general(1), Spectrum([1])), "still has the free symbols"),
        ((sgdmem.sgd(1), 3), "must be a Problem, a Spectrum"),
        ((sgdmem.aggmo(1, [0.1] * 30), Spectrum([1])), "memory up to 20 for a root locus"),
    ],
)
def test_bad_input(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        draw_root_locus(*arguments)


def test_bad_eigenvalues() -> None:
    for bad in (0, -1, float("inf"), "x"):
        with pytest.raises(InputError, match="largest_eigenvalue"):
            root_locus(sgdmem.sgd(1), bad)
