"""Proofs: each is checked by the checker, compared with verdicts, and false ones are refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, heavy_ball, sgd, stability
from sgdmem.errors import InputError, ProofError
from sgdmem.methods import aggmo, periodic_stability
from sgdmem.numeric.judges.reason import Reason
from sgdmem.proofs import Proof, check_proof

HALF = sgd("1/2")
SHARP = "1/3"  # the batch size at which sgd(1/2) has the noise sum 1 on the eigenvalue 1
TINY = Fraction(1, 10**20)


def random_methods(count: int) -> Iterator[Any]:
    rng = np.random.default_rng(1)
    for _ in range(count):
        rate = f"{10 ** rng.uniform(-3, 0.2):.3g}"
        if rng.random() < 0.4:
            yield heavy_ball(rate, f"{1 - 10 ** rng.uniform(-3, 0):.4f}")
        else:
            yield aggmo(rate, ["0", "0.9", "0.99"][: int(rng.integers(1, 4))])


def test_lists_are_decided_at_the_boundary_and_beside_it() -> None:
    claims = [
        certify(HALF, [1], size).claim
        for size in (SHARP, Fraction(1, 3) + TINY, Fraction(1, 3) - TINY)
    ]
    assert claims == ["boundary", "stable", "unstable"]
    assert str(certify(HALF, [1], Fraction(1, 3) + TINY)).endswith("1 - 3e-20, is below 1")
    at_38 = certify(heavy_ball("0.1", "0.9"), [38, 1], 8)
    assert at_38.reason is Reason.BOUNDARY
    assert "exactly on the boundary of stability:" in str(certify(HALF, [1], SHARP))
    law = certify(heavy_ball("0.1", "0.9"), Spectrum.power_law(2, 38), 8)
    for proof in (at_38, law):  # the boundary with noise is elsewhere
        assert "on the boundary of stability without noise:" in str(proof)
        assert "exactly" not in proof.text.partition("Answer")[2].partition("Theorem")[0]
    assert "on the unit circle at the first eigenvalue, 38, and none" in str(at_38)
    assert "at the second eigenvalue, 38" in str(certify(heavy_ball("0.1", "0.9"), [1, 38], 8))
    assert certify(heavy_ball("0.1", "0.9"), [38 + TINY, 1], 8).claim == "unstable"
    assert certify(heavy_ball("0.1", "0.9"), [38, 39], 8).claim == "unstable"  # one is outside


def test_single_verdicts_fall_back_on_exact_arithmetic() -> None:
    assert stability(HALF, [1], SHARP).reason is Reason.BOUNDARY
    assert stability(HALF, [1], SHARP).stable is False
    assert stability(HALF, [1], Fraction(1, 3) + TINY).stable is True
    assert stability(HALF, [1], Fraction(1, 3) - TINY).reason is Reason.NOISE_SUM
    for problem in ([38, 1], Spectrum.power_law(2, 38)):
        verdict = stability(heavy_ball("0.1", "0.9"), problem, 8)
        assert verdict.reason is Reason.BOUNDARY
        assert "on the boundary of stability without noise: P" in verdict.explanation
    assert "exactly on the boundary of stability, " in stability(HALF, [1], SHARP).explanation
    turning = stability(HALF, Problem.from_data([[2, 1], [2, -1]]), 1)  # roots at -1
    assert "does not converge even without noise" in turning.explanation


def test_decimals_stand_for_themselves() -> None:
    """0.3 of floats is below 3/10: the noise sum of the decimal is exactly 1."""
    size = Fraction(3, 20) / (2 - Fraction(3, 20))
    assert certify(HALF, ["0.3"], size).claim == "boundary"
    assert certify(HALF, [0.3], size).claim == "stable"


@pytest.mark.parametrize("tau2", ["0", "-1", "1/2", "1"])
def test_random_lists_agree_with_verdicts(tau2: str) -> None:
    rng = np.random.default_rng(0)
    for method in random_methods(25):
        lam = [f"{x:.3g}" for x in 10 ** rng.uniform(-3, 0.5, 4)]
        problem = Problem(Spectrum(lam, [1, 2, 1, 3]), Noise(tau2=tau2))
        size = f"{10 ** rng.uniform(-1, 1.5):.3g}"
        assert certify(method, problem, size).check().claim == (
            "stable" if stability(method, problem, size) else "unstable"
        )


def test_coupled_noise() -> None:
    for T, claim in (
        ([[0, 2], ["1/2", 0]], "boundary"),
        ([[0, 2], ["0.4999999999999999999", 0]], "stable"),
        ([[0, 2], ["0.5000000000000000001", 0]], "unstable"),
        ([[2, 0], [1, "1/2"]], "unstable"),
        ([[1, 0], [1, "1/2"]], "boundary"),
        ([[1, 0], [1, 1]], "boundary"),  # its radius is 1, but no vector is kept
    ):
        problem = Problem(Spectrum([1, 1]), Noise.coupled(T))
        assert certify(HALF, problem, SHARP).check().claim == claim


@pytest.mark.parametrize("exponent", ["1.2", "2", 1.7, "1"])
@pytest.mark.parametrize("count", [None, 10**9])
def test_power_laws(exponent: Any, count: int | None) -> None:
    rng = np.random.default_rng(3)
    for method in random_methods(4):
        spectrum = Spectrum.power_law(exponent, count=count)
        size = 10 ** rng.uniform(-1, 1.5)
        proof = certify(method, spectrum, size)
        assert proof.check().claim == (
            "stable" if stability(method, spectrum, size) else "unstable"
        )


def test_power_laws_close_to_the_boundary() -> None:
    critical = stability(HALF, Spectrum.power_law(2), 8).critical_batch_size
    low, high = (Fraction(critical) * (1 + Fraction(k, 10**13)) for k in (-1, 1))
    assert certify(HALF, Spectrum.power_law(2), low).claim == "unstable"
    assert certify(HALF, Spectrum.power_law(2), high).claim == "stable"


@pytest.mark.slow
def test_a_power_law_exactly_at_the_boundary() -> None:
    """The summand of k^-2 is 1 / (4 k^2 - 1), and the sum of all 1/2."""
    low, high = (Fraction(1, 2) * (1 + Fraction(k, 10**55)) for k in (-1, 1))
    claims = [certify(HALF, Spectrum.power_law(2), size).claim for size in (low, "1/2", high)]
    assert claims == ["unstable", "open", "stable"]


def test_weight_decay() -> None:
    for decay, claim in (("0.1", "stable"), ("3.5", "unstable")):
        for spectrum in (Spectrum([1, "0.3"]), Spectrum.power_law(2)):
            proof = certify(HALF, Problem(spectrum, weight_decay=decay), 4)
            assert proof.check().claim == claim


def test_samples_in_their_own_coordinates() -> None:
    rng = np.random.default_rng(0)
    for shape in ((20, 3), (5, 9)):
        X = rng.normal(size=shape).round(3)
        for method, size in ((sgd("0.05"), 2), (sgd("2"), 1), (heavy_ball("0.05", "0.9"), 1)):
            proof = certify(method, X, size)
            assert proof.check().claim == ("stable" if stability(method, X, size) else "unstable")
    rows = Problem.from_data(X, weights=[1, 2, 3, 4, 5])
    assert certify(sgd("0.01"), rows, 2).check().claim == "stable"
    alike = Problem.from_data(X, replacement=False)
    assert certify(sgd("0.01"), alike, 2).check().claim == "stable"
    pairs = Problem.from_data(rng.normal(size=(10, 2, 3)))
    assert certify(sgd("0.01"), pairs, 2).check().claim == "stable"


def test_samples_close_to_the_boundary() -> None:
    X = np.random.default_rng(0).normal(size=(20, 3)).round(2)
    edge = Fraction(stability(sgd("0.1"), X, 1).critical_scale) / 10
    for side, claim in ((-1, "stable"), (1, "unstable")):
        assert certify(sgd(edge * (1 + Fraction(side, 10**9))), X, 1).claim == claim


def test_periods() -> None:
    jumps, spectrum = [sgd("0.1"), sgd("0.1"), sgd("2.2")], Spectrum([1, "0.5", "0.25"])
    for size in (64, 6):
        expected = periodic_stability(jumps, spectrum, size).stable
        assert certify(jumps, spectrum, size).stable is expected
    coupled = Problem(Spectrum([1, "0.5"]), Noise.coupled([[1, 2], [0, 1]]))
    assert certify(jumps, coupled, 64).check().claim == "stable"


@pytest.mark.parametrize(("change", "claim"), [(0, "boundary"), (1, "stable"), (-1, "unstable")])
def test_periods_and_rows_are_decided_at_the_boundary_and_beside_it(
    change: int, claim: str
) -> None:
    for steps in ([HALF, HALF], [HALF, HALF, HALF]):
        assert certify(steps, [1], Fraction(1, 3) + change * TINY).claim == claim
    twins = Problem(Spectrum([1, 1]), Noise.coupled([[0, 2], ["1/2", 0]]))
    assert certify([HALF, HALF], twins, Fraction(1, 3) + change * TINY).claim == claim
    # a row x = 1 in half of all cases, or one of two directions: the rate 2 is the largest
    for rows in ([[1.0], [0.0]], [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]):
        assert certify(sgd(2 - change * TINY), Problem.from_data(rows), 1).claim == claim


def test_rows_without_replacement_at_the_boundary() -> None:
    """One row is 1, of n: the largest rate is 2 n / (1 + kappa (n - 1)), with kappa of a batch."""
    for n, size, rate in ((2, 1, 2), (3, 1, 2), (3, 2, 4), (4, 2, 4), (3, 3, 6)):
        rows = Problem.from_data(np.eye(n, 1), replacement=False)
        claims = [certify(sgd(rate + change), rows, size).claim for change in (0, -TINY, TINY)]
        assert claims[1:] == ["stable", "unstable"]
        assert claims[0] == ("unstable" if size == n else "boundary")


def test_a_list_of_one_step_is_that_step() -> None:
    for method, problem, size in (
        *((sgd(2), [1], 4), (HALF, [1], "1/3"), (HALF, Spectrum.power_law("1.5"), 3)),
        (heavy_ball("0.1", "0.5"), Problem.from_data([[1, 2], [3, 4]]), 1),
    ):
        assert certify([method], problem, size).record == certify(method, problem, size).record
    assert "steps" in certify([HALF], [1], 4, workers=2).record


def test_without_noise_periods_and_rows_are_decided_exactly() -> None:
    assert certify([sgd(2), sgd(2)], [1]).claim == "unstable"
    assert certify([sgd(2), sgd(2 - TINY)], [1]).check().claim == "stable"
    assert certify([sgd(0), sgd(0)], [1], 4).reason is Reason.NOISELESS
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])  # of largest eigenvalue 1/2
    for rate, claim in ((4, "unstable"), (4 - TINY, "stable"), (4 + TINY, "unstable")):
        assert certify(sgd(rate), rows).check().claim == claim


def test_power_laws_with_an_unstable_mode() -> None:
    edge = Spectrum.power_law("1.5", scale=38)
    assert certify(heavy_ball("0.1", "0.9"), edge, 8).reason is Reason.BOUNDARY
    single = Spectrum.power_law("1.5", scale=38, count=1)
    assert certify(heavy_ball("0.1", "0.9"), single, 8).reason is Reason.BOUNDARY
    rises = Algorithm("1/2", ["1/3"], ["1/4"], [["1/2"]], ["1/5"], shrink="-1/10")
    proof = certify(rises, Spectrum.power_law(2), 4)  # stable at 1, and not near 0
    assert proof.reason is Reason.NOISELESS
    assert proof.record["witness"]["index"] > 1
    assert certify(rises, Spectrum.power_law("0.8", count=3), 4).claim == "stable"
    for size in (1, "0.99"):  # 1 + tau2 s / B is 0, and negative
        alone = certify(sgd(1), Problem(Spectrum.power_law(2), Noise(0, -1)), size)
        assert alone.reason is Reason.MODE_NOISE


def changed(record: Any) -> Iterator[Any]:
    """Yield records in which one number is another one."""
    for path in paths(record):
        copied = copy.deepcopy(record)
        *way, last = path
        place = copied
        for key in way:
            place = place[key]
        if isinstance(place[last], str) and place[last].lstrip("-").replace("/", "").isdigit():
            place[last] = str(Fraction(place[last]) + Fraction(1, 7))
            yield path, copied


def paths(record: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = record.items() if isinstance(record, dict) else enumerate(record)
    for key, value in entries:
        if isinstance(value, dict | list):
            yield from paths(value, (*so_far, key))
        else:
            yield (*so_far, key)


def test_a_proof_of_something_else_is_refused() -> None:
    """Whatever number of a close proof is changed, it is another question or no proof."""
    law = certify(HALF, Spectrum.power_law(2), 1).record
    assert check_proof(law).claim == "stable"
    for path, record in changed(law):
        if path[0] == "witness" and path[1] in ("numerator", "denominator"):
            with pytest.raises(ProofError):
                check_proof(record)
    below = certify(HALF, Spectrum([1]), Fraction(1, 3) + TINY).record
    for claim, witness in (
        ("unstable", {"by": "noise_sum", "bits": 99}),
        ("unstable", {"by": "noiseless", "eigenvalue": 0}),
        ("unstable", {"by": "mode_noise", "eigenvalue": 0}),
        ("boundary", {"by": "noise_sum"}),
        ("boundary", {"by": "noiseless", "on_circle": [["1"]]}),
        ("stable", {"bits": 20}),  # too few to tell
    ):
        with pytest.raises(ProofError, match="not proved"):
            check_proof({**below, "claim": claim, "witness": witness})
    X = np.random.default_rng(0).normal(size=(6, 2)).round(2)
    stable, unstable = certify(sgd("0.1"), X, 2).record, certify(sgd(2), X, 2).record
    for wrong in (
        {**stable, "algorithm": unstable["algorithm"]},
        {**unstable, "algorithm": stable["algorithm"]},
        {**stable, "claim": "unstable", "witness": {**stable["witness"], "vector": ["1", "0"]}},
    ):
        with pytest.raises(ProofError, match="not proved"):
            check_proof(wrong)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    for problem, size in (([1], 4), ([1], SHARP), ([5], 2), (Spectrum.power_law("0.4"), 2)):
        proof = certify(HALF, problem, size)
        proof.save(path)
        assert Proof.load(path).record == proof.record
        assert Proof.load(path).reason is stability(HALF, problem, size).reason
    certify(HALF, [1], 4).save(path)
    assert repr(Proof.load(path)).startswith("<proof, proved stable: every mode")
    record = json.loads(path.read_text())
    for text, message in (
        (json.dumps({**record, "version": 2}), "of version 2, and the checker is for version 1"),
        (json.dumps({**record, "format": "x"}), '"format": "sgdmem proof"'),
        ("[1]", "no proof"),
        ("{", "it is no JSON, at line 1, column 2"),
        ("[" * 10**5, "nested too deeply"),
    ):
        path.write_text(text)
        with pytest.raises(ProofError, match=message):
            check_proof(path)


def test_proofs_are_taken_in_every_form_and_nothing_else_is(tmp_path: Path) -> None:
    proof = certify(HALF, [1], 4)
    proof.save(tmp_path / "proof.json")
    forms: tuple[Any, ...] = (proof, proof.record, tmp_path / "proof.json")
    assert {str(check_proof(form)) for form in forms} == {str(proof)}
    with pytest.raises(ProofError, match="File name too long"):
        check_proof("a" * 500)
    with pytest.raises(ProofError, match="it is a folder"):
        check_proof(tmp_path)
    others: tuple[Any, ...] = (None, 5, 1j, [], np.ones(2), float("nan"), b"x")
    for other in others:
        for read in (check_proof, Proof.load):
            with pytest.raises(InputError, match="a proof is a Proof, its record, or the path"):
                read(other)
        with pytest.raises(InputError, match="path must be the name of a file, got"):
            proof.save(other)
        with pytest.raises(InputError, match="record must be a mapping"):
            Proof(other)
    for asked in ("claim", "stable", "reason", "text"):
        with pytest.raises(ProofError):
            getattr(Proof({"claim": "stable"}), asked)
    family: Any = heavy_ball
    for method in ("heavy-ball", family):
        with pytest.raises(InputError, match="families are called with their parameters"):
            certify(method, [1], 4)


def test_rows_are_what_was_given() -> None:
    rows: Any = [["0.1", "1/3"], ["2", "1e-3"], ["1", "5"]]
    found = certify(HALF, Problem.from_data(rows), 2).record["problem"]["rows"]
    assert found == [["1/10", "1/3"], ["2", "1/1000"], ["1", "5"]]
    floats = np.array([[0.1, 2], [1, 3]], dtype=np.float32)
    found = certify(HALF, floats, 2).record["problem"]["rows"]
    assert found == [["13421773/134217728", "2"], ["1", "3"]]
    few: Any = [["0.1", "2", "3"], ["3", "1/7", "2"]]  # fewer than columns: they are the basis
    basis = certify(HALF, Problem.from_data(few), 2).record["witness"]["basis"]
    assert basis == [["1/10", "3"], ["2", "1/7"], ["3", "2"]]


@pytest.mark.parametrize("steps", [1, 2])
def test_rows_that_are_never_drawn_span_nothing(steps: int) -> None:
    for rows, weights in (
        ([[1, 0], [0, 2], [2, 0]], [1, 0, 1]),
        ([[[1, 0], [0, 1]], [[1, 1], [0, 0]]], [0, 1]),
        ([[1, 2], [3, 6], [3, 5], [1, 1]], [2, "0.5", 0, 0]),
    ):
        drawn = [i for i, weight in enumerate(weights) if weight]
        whole = Problem.from_data(rows, weights=weights)
        part = Problem.from_data([rows[i] for i in drawn], weights=[weights[i] for i in drawn])
        for method, size in ((sgd("0.1"), 1), (sgd(3), 1), (heavy_ball(2, "1/2"), 4)):
            proof = certify([method] * steps, whole, size)
            assert proof.check().claim == certify([method] * steps, part, size).claim


def test_rows_with_columns_that_others_make_up() -> None:
    """An answer is that without these columns, in a loss that is the same up to coordinates."""
    X = np.random.default_rng(3).integers(-3, 4, (12, 2)).astype(float)
    doubled = np.column_stack([X[:, 0], X, 0 * X[:, 0]])  # the first twice: as if times sqrt(2)
    for rate in ("0.05", "0.4"):
        for method in (sgd(rate), heavy_ball(rate, "0.5")):
            proof = certify(method, doubled, 2)
            assert len(proof.record["witness"]["basis"][0]) == 2
            assert proof.claim == ("stable" if stability(method, doubled, 2) else "unstable")
    nearly = np.column_stack([X, X[:, 0] + 1e-16 * X[:, 1] + 1e-17])
    with pytest.raises(InputError, match="almost combinations of others"):
        certify(HALF, nearly, 2)


def test_what_is_too_much_or_of_another_kind_is_said() -> None:
    rows = np.array([[1.0, 2], [3, 4], [5, 6]])
    model = Problem.from_data(rows, noise=Noise())
    for method, problem, told in (
        (heavy_ball.symbolic(), [1], "free symbols learning_rate, momentum"),
        (sgd(sympy.sqrt(2)), [1], "must be rational"),
        ([HALF, HALF], Spectrum.power_law("1.5", count=3), "takes rational eigenvalues"),
        ([HALF, HALF], Spectrum.power_law(2), "at most 4,000 eigenvalues, got infinitely many"),
        (HALF, Spectrum.power_law(1001), "exponent must be at most 1,000"),
        (aggmo("0.1", [f"0.{k}" for k in range(10, 27)]), [1], "memory up to 16, got 17"),
        (HALF, Spectrum(np.ones(100_001)), "at most 100,000 eigenvalues, got 100,001"),
        (HALF, model, "takes the noise of its rows"),
        (HALF, Problem.from_data(rows, shuffle=True), "not about shuffled epochs"),
    ):
        with pytest.raises(InputError, match=told):
            certify(method, problem, 2)
    with pytest.raises(InputError, match="batch_size must be rational"):
        certify(HALF, [1], sympy.sqrt(2))
    labelled = Problem.from_data(rows, [1, 2, 3])
    assert certify(HALF, labelled, 2).claim == certify(HALF, rows, 2).claim


def test_what_is_not_exact_has_no_proof() -> None:
    import mpmath

    with pytest.raises(InputError, match=r"eigenvalues\[0\] must be a rational number"):
        certify(HALF, Spectrum([mpmath.mpi("0.1", "0.1000000000001")]), 2)
    fitted = Problem(Spectrum([1]), Noise.fit(np.random.default_rng(0).normal(size=(50, 1))))
    with pytest.raises(InputError, match="not fitted"):
        certify(HALF, fitted, 2)
    with pytest.raises(InputError, match="tau2 must be at most tau1"):
        certify(HALF, Problem(Spectrum([1]), Noise(tau2=2)), 2)
