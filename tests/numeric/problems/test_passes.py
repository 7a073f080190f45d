"""Passes over data: what is remembered and shown of them, and the few samples that save some."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgdmem import Problem, heavy_ball, largest_learning_rate, sgd, stability
from sgdmem.numeric.compilation import progress
from sgdmem.numeric.problems import previews, whitened
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise import sampled_radius
from sgdmem.numeric.spectra import row_pieces


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_pieces, "TOGETHER", 60)


def test_what_passes_found_before_an_interrupt_is_kept(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, method = rng.standard_t(3, size=(90, 3)) * [1, 0.5, 0.25], heavy_ball(0.05, 0.5)
    problem = Problem.from_data(rows)
    assert problem.samples is not None
    images, covariance, left = problem.samples.images, problem.samples.covariance, [2]

    def interrupted(N: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return covariance(N)

    with monkeypatch.context() as patch:
        patch.setattr(images, "covariance", interrupted)
        with pytest.raises(KeyboardInterrupt):
            stability(method, problem, 4)
    assert len(images.remembered().matrices) == 3
    expected = stability(method, Problem.from_data(rows), 4)
    assert stability(method, problem, 4).noise_sum == pytest.approx(expected.noise_sum, rel=1e-6)


def test_progress_of_passes(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    told, texts = list[tuple[float, float]](), set[str]()
    advance = progress.Passes.advance

    def noted(self: progress.Passes, share: float) -> None:
        advance(self, share)
        told.append((self.done, self.total))
        texts.add(self.bar.tasks[0].description)

    monkeypatch.setattr(progress.Passes, "advance", noted)
    rows = rng.standard_t(3, size=(200, 3)) * [1, 0.5, 0.25]
    quiet = stability(heavy_ball(0.05, 0.5), rows, 4)
    assert not told
    assert capsys.readouterr().err == ""
    shown = stability(heavy_ball(0.05, 0.5), rows, 4, progress=True)
    assert shown.noise_sum == quiet.noise_sum
    assert all(0 < done <= total for done, total in told)
    assert told[-1][0] == pytest.approx(round(told[-1][0])) and told[-1][0] >= 4
    assert "passes over the data, 2 of about 6" in {text[:34] for text in texts}
    told.clear()
    largest_learning_rate("heavy-ball", rows, 4, momentum=0.5, progress=True)
    assert told
    with pytest.raises(KeyboardInterrupt), progress.shown_passes(True):
        raise KeyboardInterrupt
    assert progress._passes.get() is None


def test_searches_say_what_passes_did_not_settle(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, method = rng.standard_t(3, size=(300, 8)), heavy_ball(0.01, 0.5)
    settled = stability(method, Problem.from_data(rows), 4)
    assert settled.unsettled == 0 and "did not settle" not in str(settled)
    monkeypatch.setattr(sampled_radius, "MOST_PASSES", 0)
    verdict = stability(method, Problem.from_data(rows), 4)
    assert 1e-9 < verdict.unsettled < 1
    assert "did not settle it: the radius there may be larger by about" in str(verdict)
    found = largest_learning_rate("heavy-ball", Problem.from_data(rows), 4, momentum=0.5)
    other = largest_learning_rate(
        "heavy-ball", Problem.from_data(rows), 4, momentum=0.5, search=(0.0, 1.0)
    )
    assert found.unsettled > 1e-9 and other.unsettled > 1e-9
    exact = 0.01 * settled.critical_scale
    assert exact <= found * (1 + 1e-9)  # Ritz values are below the radius


# The heaviest samples first ----------------------------------------------------------------------


def asked(rows: Any, monkeypatch: pytest.MonkeyPatch, heavy: int) -> tuple[Problem, list[int]]:
    """Return a problem of which so many samples are asked first, and the lengths of its passes."""
    monkeypatch.setattr(previews, "_HEAVY", heavy)
    problem, passes = Problem.from_data(rows), list[int]()
    covariance = Samples.covariance

    def counted(self: Samples, *arguments: Any, **options: Any) -> Any:
        passes.append(len(self))
        return covariance(self, *arguments, **options)

    monkeypatch.setattr(Samples, "covariance", counted)
    return problem, passes


@pytest.mark.parametrize("kept", [0, whitened.KEPT])
def test_the_heaviest_samples_save_passes(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(3).standard_t(2, size=(600, 5))
    monkeypatch.setattr(whitened, "KEPT", kept)
    counts, answers = [], []
    for heavy in (30, 600):
        with monkeypatch.context() as patch:
            problem, passes = asked(rows, patch, heavy)
            rate = float(largest_learning_rate("heavy-ball", problem, 8, momentum=0.9))
            verdict = stability(heavy_ball(0.99 * rate, 0.9), problem, 8)
            assert problem.samples is not None
            assert (problem.samples.images.preview is not None) is (heavy == 30)
            counts.append(passes.count(600))
            answers.append((rate, *verdict.noise_sum_interval))
            assert verdict.stable
    assert counts[0] < counts[1], counts
    assert answers[0][0] == pytest.approx(answers[1][0], rel=1e-9)
    assert max(x[1] for x in answers) <= min(x[2] for x in answers)


def test_samples_that_are_alike_have_no_use_for_the_heaviest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = np.random.default_rng(3).choice([-1.0, 1.0], size=(600, 5))
    problem, passes = asked(rows, monkeypatch, 30)
    rate = float(largest_learning_rate("sgd", problem, 2))
    assert passes.count(600) < 20
    for factor in (0.999, 1.001):
        assert stability(sgd(factor * rate), problem, 2).stable is (factor < 1)


# Turns of columns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("move", "longest"), [(1e-11, 1.0), (1e-6, 1.0), (1e-11, 1e60)])
def test_turns_near_the_identity_have_all_digits(
    rng: np.random.Generator, move: float, longest: float
) -> None:
    """Those that move columns little do so in short floats; others, and long columns, do not."""
    columns = rng.standard_normal((300, 70))
    columns[7] *= longest
    turn = np.eye(70) + move * np.triu(rng.standard_normal((70, 70)))
    exact = columns.astype(np.longdouble) @ turn.astype(np.longdouble)
    whitened._turn(columns, turn)
    off = np.linalg.norm((columns - exact).astype(float), axis=1)
    assert (off <= 4e-16 * np.linalg.norm(exact.astype(float), axis=1)).all()
    assert np.isfinite(columns).all()
