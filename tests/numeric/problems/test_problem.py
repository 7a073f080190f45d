"""What a problem and its noise are made of, and made again with other parts."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from sgdmem import InputError, Noise, Problem, Spectrum, sgd, stability
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.points import Points


@pytest.mark.parametrize("given", [[4, 1], (4, 1), np.array([4.0, 1])])
def test_one_dimension_is_of_eigenvalues(given: Any) -> None:
    found, expected = (stability(sgd("0.1"), x, 4) for x in (given, Spectrum([4, 1])))
    assert found.noise_sum == expected.noise_sum
    assert found.problem.samples is None


def test_a_symmetric_matrix_is_asked_about(rng: np.random.Generator) -> None:
    X = rng.normal(size=(20, 3))
    H = X.T @ X
    with pytest.raises(InputError, match=r"Problem\.from_hessian.*X\[:, None, :\]"):
        Problem.from_data(H)
    with pytest.raises(InputError, match="symmetric"):
        stability(sgd("0.1"), H.tolist(), 4)
    rows = Problem.from_data(H[:, None, :])
    assert rows.samples is not None and len(rows.samples) == 3
    assert Problem.from_data(X[:3]).samples is not None  # square, and not symmetric


def test_numbers_of_the_caller_are_no_estimate(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(50, 3))
    problem = Problem.from_data(rows, noise=Noise.fit(rows))
    noise = problem.noise
    assert replace(noise, tau1=noise.tau1).estimate is not None
    for other in (
        replace(noise, tau1=Fraction(5)),
        noise.vary(tau2=0),
        replace(noise.at(4), tau2=Fraction(0)),
    ):
        assert other.estimate is None
        assert "estimated" not in str(other)
    verdict = stability(sgd("0.1"), replace(problem, noise=noise.vary(tau2=0)), 8)
    assert not verdict.is_estimated
    assert verdict.to_dict()["problem"]["estimate"] is None
    with pytest.raises(
        InputError, match=r"such as Spectrum.* data Problem.from_data, .* got array"
    ):
        Problem(np.eye(3))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="the spectrum must be that of the samples"):
        replace(problem, spectrum=Spectrum([1, 2]))
    assert replace(problem, spectrum=Spectrum([1, 2]), samples=None).dropped == 0


def test_coupled_noise_is_a_value() -> None:
    T = [[2, 1], [1, 2]]
    noise = Noise.coupled(T)
    for same in (Noise.coupled(np.array(T)), pickle.loads(pickle.dumps(noise)), replace(noise)):
        assert same == noise
        assert hash(same) == hash(noise)
    assert copy.deepcopy(noise.at(8)) == noise.at(8)
    assert noise != Noise.coupled([[2, 1], [1, 3]])
    assert Noise.coupled([(2, 1)]) != Noise.coupled(np.ones((2, 2)))
    with pytest.raises(InputError, match="coupling must be >= tau2 on its diagonal"):
        replace(noise, tau2=Fraction(3))
    with pytest.raises(InputError, match="coupling must be >= tau2 on its diagonal"):
        noise.vary(tau2=[0, 3])
    with pytest.raises(InputError, match=r"Noise\.coupled"):
        Noise(coupling=T)


@pytest.mark.parametrize("size", [1e-310, 1, 1e308])
def test_hessians(size: float, rng: np.random.Generator) -> None:
    assert Problem.from_hessian([[size]]).spectrum.eigenvalues == pytest.approx([size])
    # rank one: its round-off eigenvalues are above those of one entry, not of the matrix
    problem = Problem.from_hessian(np.full((40, 40), size / 40))
    assert problem.spectrum.eigenvalues == pytest.approx([size], rel=1e-12)
    assert str(problem.noise) == "tau1 = 1, tau2 = 0"


@pytest.mark.parametrize(
    ("H", "said"),
    [
        ([[2, 1], [0.5, 2]], "symmetric"),
        ([[1e308, -1e308], [1e308, 1e308]], "symmetric"),
        ([[1, 2], [2, 1]], "semidefinite"),
        ([[1, 2, 3]], "square"),
        ([[1e308, 1e308], [1e308, 1e308]], "range of floats"),
        ([[0]], "all zero"),
    ],
)
def test_no_hessians(H: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Problem.from_hessian(H)


def test_a_noise_of_zero_is_not_the_default() -> None:
    with pytest.raises(InputError, match="noise must be a Noise"):
        Problem.from_hessian([[1]], 0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="noise must be a Noise"):
        Problem.power_law(1.5, noise=0)  # type: ignore[arg-type]


def test_verdicts_of_maps_know_the_noise_of_their_point() -> None:
    judge = FamilyJudge(sgd, None, Problem(Spectrum([1])), 4)
    points = Points({"learning_rate": ["0.1"], "tau2": [-1, 0]}, ["learning_rate"])
    for place, tau2 in enumerate((-1, 0)):
        verdict = judge.verdict(points, place)
        assert verdict.problem.noise == Noise(tau2=tau2)
        assert verdict.noise == verdict.problem.noise.at(4)


@pytest.mark.parametrize("tau2", [[-1] * 5000, np.full(5000, -1.0), ("-1",) * 5000])
def test_one_tau2_for_every_mode_is_summed_as_one_number(tau2: Any) -> None:
    spectrum = Spectrum(np.arange(1.0, 5001) ** -1.5)
    noise = Noise(tau2=tau2)
    assert noise.tau2 == (-1,) * 5000
    assert noise.at(8) == Noise(tau2=-1).at(8)
    expected = stability(sgd("0.1"), Problem(spectrum, Noise(tau2=-1)), 8)
    assert stability(sgd("0.1"), Problem(spectrum, noise), 8).noise_sum == expected.noise_sum
    with pytest.raises(InputError, match="one entry for each of the 2 eigenvalues"):
        Problem(Spectrum([1, 2]), noise)


@pytest.mark.parametrize("scale", [1e-156, 1e-160, 1e154])
def test_data_with_eigenvalues_that_have_few_digits(scale: float) -> None:
    with pytest.raises(InputError, match="data must have eigenvalues within the range of floats"):
        Problem.from_data(np.array([[1, 0.0], [1, 1], [0, 2]]) * scale)


def test_samples_fit_the_spectrum_of_their_rows_whatever_the_rounding() -> None:
    rng = np.random.default_rng(27)
    n = int(rng.integers(30, 60))
    turned = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    X = rng.normal(size=(n, 12)) * np.logspace(0, -7, 12) @ turned
    spectrum = Problem.from_data(X).spectrum
    for samples in (Noise.sampled(X[::-1]), Noise.sampled(X, np.ones(n))):
        assert Problem(spectrum, samples).noise.by_mode
    with pytest.raises(InputError, match="must be that of the samples"):
        Problem(spectrum.scaled("1.000001"), Noise.sampled(X))


@pytest.mark.parametrize("sparse", [False, True])
def test_stacked_outputs(sparse: bool, rng: np.random.Generator) -> None:
    """K consecutive rows that are drawn together are the Jacobian of K outputs."""
    jacobians, y = rng.normal(size=(12, 3, 4)), rng.normal(size=(12, 3))
    expected = Problem.from_data(jacobians, y)
    rows = jacobians.reshape(36, 4)
    given = scipy.sparse.coo_matrix(rows) if sparse else rows
    found = Problem.from_data(given, y.ravel(), outputs=3)
    assert found.samples is not None and expected.samples is not None
    assert found.samples.outputs == 3
    np.testing.assert_array_equal(found.samples.columns, expected.samples.columns)
    np.testing.assert_array_equal(found.samples.residuals, expected.samples.residuals)
    drawn = Noise.sampled(given, outputs=3).samples
    assert drawn is not None
    np.testing.assert_array_equal(drawn.columns, expected.samples.columns)
    assert len(Problem.from_data(rows).samples) == 36  # type: ignore[arg-type]
    assert Problem.from_data(jacobians, outputs=3).samples is not None


def test_outputs_that_do_not_fit() -> None:
    for shape, outputs, message in (
        ((7, 2), 3, "a whole number of samples with outputs = 3 rows each, got 7 rows"),
        ((4, 3, 2), 2, r"here 3, got 2: np.swapaxes\(…, 1, 2\) makes"),
        ((4, 3, 2), 4, "here 3, got 4$"),
        ((4, 2), 0, "outputs must be an integer"),
    ):
        with pytest.raises(InputError, match=message):
            Problem.from_data(np.ones(shape), outputs=outputs)
    with pytest.raises(InputError, match=r"data\[5, 0\] is nan"):
        Problem.from_data([[1.0]] * 5 + [[np.nan]], outputs=2)


def test_samples_that_are_never_drawn_are_counted() -> None:
    problem = Problem.from_data([[1.0, 2.0], [0.5, 1.0], [3.0, 1.0]], weights=[0, 1, 2])
    assert str(problem.noise).startswith("3 samples (1 of weight 0), drawn anew")
