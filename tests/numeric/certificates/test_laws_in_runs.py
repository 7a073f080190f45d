"""Power laws with unstable values between their eigenvalues, and of any scale."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest

from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, heavy_ball, sgd, stability
from sgdmem.errors import ProofError
from sgdmem.proofs import check_proof

# strictly Schur on (0, 1) and (5/2, 56/11)
GAP = Algorithm("1/4", ["-3/4", "3/4"], [1, 1], [["3/4", 0], [0, "1/2"]], ["-1/2", "3/8"])


def test_its_intervals() -> None:
    intervals = stability(GAP, [1]).noiseless_intervals
    assert intervals[0] == (0, 1)
    assert intervals[1] == pytest.approx((2.5, 56 / 11))


@pytest.mark.parametrize("tau2", [-1, 0, "1/2"])
@pytest.mark.parametrize(("scale", "exponent"), [(3, 2), (5, 3), ("5.05", 3), ("2.51", 2), (4, 1)])
def test_short_laws_are_as_their_lists(scale: Any, exponent: int, tau2: Any) -> None:
    """With 1/2 in the gap, or not: also where eigenvalues are on either side of it."""
    lam = [Fraction(scale) / k**exponent for k in range(1, 7)]
    law = Spectrum.power_law(exponent, scale=scale, count=6)
    for B in ("inf", "0.4", 3, 200):
        expected = certify(GAP, Problem(Spectrum(lam), Noise(1, tau2)), B)
        assert certify(GAP, Problem(law, Noise(1, tau2)), B).claim == expected.claim


def test_decay_far_above_all_eigenvalues() -> None:
    for method, exponent in ((heavy_ball("0.5", "0.5"), "1.7"), (sgd(1), "1.3")):
        law = Spectrum.power_law(exponent, scale="1e-15")
        problem = Problem(law, Noise(1, "1/2"), weight_decay="1/20")
        critical = Fraction(stability(method, problem, 8).critical_batch_size)
        for side, claim in ((1, "stable"), (-1, "unstable")):
            size = critical * (1 + Fraction(side, 10**10))
            assert certify(method, problem, size).check().claim == claim


def test_hidden_modes_of_any_root() -> None:
    """Their common factor with n and d is negative up to an eigenvalue where a root meets 1 / D."""
    for law in (Spectrum.power_law("1.7"), Spectrum.power_law(2, count=5)):
        for root in ("-3/5", "3/5"):
            for decay in (0, "1/10"):
                hidden = Algorithm("1/2", [0], [0], [[root]])
                proof = certify(hidden, Problem(law, weight_decay=decay), 8)
                assert proof.check().claim == "stable"
    pair = Algorithm("3/2", [0, 0], [0, 0], [["-4/5", 0], [0, "-1/2"]])
    assert certify(pair, Spectrum.power_law("1.7"), 1).check().claim == "unstable"


def test_without_end() -> None:
    law, decayed = (Spectrum.power_law(3, scale=x) for x in (3, "2.9"))
    assert [certify(GAP, law, B).claim for B in ("inf", 100, "0.4")] == [
        *("stable", "stable", "unstable")
    ]
    assert certify(GAP, Problem(decayed, weight_decay="0.1"), 100).claim == "stable"
    assert certify(GAP, Spectrum.power_law("1.5", scale=3), 100).claim == "unstable"  # 1.06


def test_runs_that_are_none_are_refused() -> None:
    record: Any = certify(GAP, Spectrum.power_law(3, scale=3, count=6), 100).record
    assert (record["claim"], record["witness"]["cuts"]) == ("stable", [1])
    for cuts, because in (
        ([], "strictly Schur at lambda"),
        ([2], "s is finite|strictly Schur"),
        ([1, 1], "one after the other"),
        ([1, 3], "lies in one run"),
        ([6], "before the last"),
        ([0], "cuts must be an integer"),
    ):
        wrong = copy.deepcopy(record)
        wrong["witness"]["cuts"] = cuts
        with pytest.raises(ProofError, match=because):
            check_proof(wrong)
    wrong = copy.deepcopy(record)
    wrong["problem"]["power_law"]["scale"] = "2"  # in the gap
    with pytest.raises(ProofError, match="not proved"):
        check_proof(wrong)
    joined = copy.deepcopy(record)
    first, second = joined["witness"]["above"]["pieces"][:2]
    joined["witness"]["above"]["pieces"][:2] = [{**first, "last": second["last"]}]
    with pytest.raises(ProofError, match="lies in one run"):
        check_proof(joined)


@pytest.mark.parametrize("scale", ["1e300", "1e-300", "1e40"])
def test_scales_are_all_alike(scale: str) -> None:
    for method, last in ((sgd, ()), (heavy_ball, ("0.5",))):
        for count in (None, 50):
            near = certify(method(Fraction(1), *last), Spectrum.power_law("1.5", count=count), 8)
            law = Spectrum.power_law("1.5", scale=scale, count=count)
            far = certify(method(1 / Fraction(scale), *last), law, 8)
            assert far.claim == near.claim == "stable"
            assert Fraction(far.record["problem"]["power_law"]["scale"]) == Fraction(scale)
            assert "units of" in far.text
    for unit in ("0", "-1", "7"):
        wrong: Any = copy.deepcopy(far.record)
        wrong["witness"]["unit"] = unit
        with pytest.raises(ProofError, match=r"unit is positive|are those of s"):
            check_proof(wrong)


def test_each_run_has_a_strictly_schur_mode() -> None:
    """At 5/2 the denominator is positive again, two roots being outside of the circle."""
    method = Algorithm("7/4", [-1], [1], [["1/4"]], ["-1/4"])
    record: Any = certify(method, Spectrum.power_law(12, scale="1/100")).record
    d = [Fraction(x) for x in record["witness"]["denominator"]]
    lam = Fraction(5, 2)
    assert record["claim"] == "stable" and sum(x * lam**i for i, x in enumerate(d)) > 0
    record["problem"]["power_law"]["scale"] = "5/2"
    record["witness"]["cuts"] = [1]
    record["witness"].pop("unit", None)
    with pytest.raises(ProofError, match=r"strictly Schur at lambda = 2\.5"):
        check_proof(record)
