"""Previews of passes over many samples, beside the dense operator."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem import Problem, heavy_ball, stability
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems import previews
from sgdmem.numeric.problems.images import Known
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.corrected_preview import CorrectedPreview


@pytest.fixture
def samples(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> Samples:
    monkeypatch.setattr(previews, "_HEAVY", 30)
    rows = rng.standard_t(4, size=(3000, 4)) * [1, 0.7, 0.5, 0.3]
    found = Problem.from_data(rows).samples
    assert found is not None
    return found


def symmetric(rng: np.random.Generator, size: int) -> Array:
    N = rng.normal(size=(size, size))
    return np.asarray(N + N.T)


def test_previews_have_what_does_not_depend_on_signs(
    samples: Samples, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With rows in all signs they are whole passes: the two heaviest with their 16 signs each."""
    monkeypatch.setattr(previews, "_HEAVY", 32)
    Z = np.asarray(samples.columns)[:40, 0]
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T
    rows = (Z[:, None] * signs).reshape(-1, 4)
    found = Problem.from_data(rows).samples
    assert found is not None and found.images.preview is not None
    N = symmetric(rng, 4)
    np.testing.assert_allclose(found.images.preview(N), found.covariance(N), rtol=1e-5, atol=1e-5)


def test_corrected_previews_are_right_where_images_are_known(
    samples: Samples, rng: np.random.Generator
) -> None:
    preview = samples.images.preview
    assert preview is not None

    def known(N: Array) -> Known:
        return Known.of(N, samples.covariance(N), preview)

    first, second, third = (symmetric(rng, 4) for _ in range(3))
    others = known(second).joined(known(third))
    corrected = CorrectedPreview(preview, known(first), others).covariance
    within = first - 2 * second + 3 * third
    np.testing.assert_allclose(corrected(within), samples.covariance(within), rtol=1e-4, atol=1e-4)
    M, N = symmetric(rng, 4), symmetric(rng, 4)
    assert np.vdot(M, corrected(N)) == pytest.approx(np.vdot(N, corrected(M)), rel=1e-4)
    beside = N - sum(  # what is orthogonal to all of them is previewed, and no image beside it
        np.vdot(q, N) * q for q in orthonormal([first, second, third])
    )
    wrong = corrected(beside) - preview(beside)
    rest = wrong - sum(np.vdot(q, wrong) * q for q in orthonormal([first, second, third]))
    np.testing.assert_allclose(rest, 0, atol=1e-4)


def test_steps_lead_to_the_leading_matrix(samples: Samples, rng: np.random.Generator) -> None:
    """Of the corrected preview as a dense operator, to the rounding of short floats."""
    preview, size = samples.images.preview, len(samples.eigenvalues)
    assert preview is not None
    products = 0.5 + rng.random((size, size))
    products = products @ products.T
    first = Known.of(symmetric(rng, size), np.zeros((size, size)), preview)
    first = Known.of(first.matrices[0], samples.covariance(first.matrices[0]), preview)
    corrected = CorrectedPreview(preview, first, first)
    roots = np.sqrt(products)
    basis = np.eye(size * size).reshape(-1, size, size)
    basis = (basis + basis.transpose(0, 2, 1)) / 2
    dense = np.array([(roots * corrected.covariance(roots * E)).ravel() for E in basis])
    leading = np.linalg.eigh((dense + dense.T) / 2)[1][:, -1]
    away = []
    for steps in (1, 12):
        found = corrected.leading_matrix(products, 1e-7, steps)
        assert found is not None
        x = (found / roots).ravel()
        away.append(np.linalg.norm(x - (x @ leading) * leading) / np.linalg.norm(x))
    assert away[1] < 1e-4 < away[0]


def orthonormal(matrices: list[Array]) -> list[Array]:
    Q, _ = np.linalg.qr(np.array(matrices).reshape(len(matrices), -1).T)
    return [q.reshape(matrices[0].shape) for q in Q.T]


def test_few_passes_are_enough_for_a_verdict(
    samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.asarray(samples.columns)[:, 0] * np.sqrt(samples.eigenvalues)
    counts, intervals = [], []
    for heavy, long in ((30, 10**9), (len(rows), 1), (len(rows), 10**9)):  # the last one without
        monkeypatch.setattr(previews, "_HEAVY", heavy)
        monkeypatch.setattr(previews, "_LONG_PASS", long)
        problem, passes = Problem.from_data(rows), list[int]()
        assert problem.samples is not None
        images = problem.samples.images
        covariance = images.covariance

        def counted(N: Array, covariance=covariance, passes=passes) -> Array:  # type: ignore[no-untyped-def]
            passes.append(1)
            return np.asarray(covariance(N))

        monkeypatch.setattr(images, "covariance", counted)
        verdict = stability(heavy_ball(0.03, 0.9), problem, 4)
        assert verdict.stable is not None
        intervals.append(verdict.noise_sum_interval)
        counts.append(len(passes))
    assert max(counts[:2]) <= 3 < counts[2] - 1, counts
    assert max(low for low, _ in intervals) <= min(high for _, high in intervals)
