"""Claims that are false although most of a proof is true: none is accepted."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, sgd
from sgdmem.errors import InputError, ProofError
from sgdmem.numeric.certificates.rounding import dyadic
from sgdmem.proofs import check_proof

HALF = sgd("1/2")
SHRINKS = Algorithm("1/2", [], [], [], [], shrink="1/10")


def refused(record: Any, because: str) -> None:
    with pytest.raises(ProofError, match=because):
        check_proof(record)


def test_a_finite_law_has_no_eigenvalues_beyond_its_count() -> None:
    long = certify(HALF, Spectrum.power_law("1.1", count=10**6), "1.2")
    assert long.claim == "unstable"
    record: Any = copy.deepcopy(long.record)
    record["problem"]["power_law"]["count"] = 3  # of which the noise sum is 0.48
    refused(record, "last must be an integer from")


def test_an_endless_law_does_not_end_at_the_largest_index() -> None:
    record: Any = copy.deepcopy(certify(HALF, Spectrum.power_law(1, count=10**18), 100).record)
    assert record["claim"] == "stable"
    record["problem"]["power_law"]["count"] = None  # of which the noise sum is infinite
    pieces = record["witness"]["above"]["pieces"]
    for last in (10**18, 10**40):
        pieces[-1]["last"] = last
        refused(record, "the pieces reach the last eigenvalue")
    pieces[-1]["last"] = None
    refused(record, "the sum of the powers is finite")


@pytest.mark.parametrize(("exponent", "claim"), [("0.8", "stable"), ("0.4", "unstable")])
def test_where_w_shrinks_the_trace_may_be_infinite(exponent: str, claim: str) -> None:
    """Summands are like squared eigenvalues there, in the gradient or decoupled."""
    law = Spectrum.power_law(exponent)
    record: Any = copy.deepcopy(certify(HALF, law, 4).record)
    assert record["claim"] == "unstable"
    assert certify(SHRINKS, law, 4).claim == claim
    assert certify(HALF, Problem(law, weight_decay="1/10"), 4).claim == claim
    for change in ({"algorithm": {**record["algorithm"], "shrink": "1/10"}},
                   {"problem": {**record["problem"], "weight_decay": "1/10"}}):  # fmt: skip
        if claim == "stable":
            refused({**record, **change}, "P.1. is 0")
        else:
            assert check_proof({**record, **change}).claim == claim


def test_a_summand_where_w_shrinks_is_compared_at_enough_points() -> None:
    """It has one degree more; n / d through two points, as without decay, is another function."""
    record: Any = copy.deepcopy(certify(SHRINKS, Spectrum.power_law(2), 4).record)
    s = [s_of_shrinking(lam) for lam in (0.5, 1.0)]
    assert record["claim"] == "stable"
    n, ends = 1.0, [lam / value for lam, value in zip((0.5, 1.0), s, strict=True)]
    slope = (ends[1] - ends[0]) / 0.5
    record["witness"] |= {
        "numerator": [str(int(n))],
        "denominator": [f"{round((ends[1] - slope) * 1e9)}/1000000000", f"{round(slope * 1e9)}/10"],
    }
    refused(record, "numerator must have 2 entries")


def s_of_shrinking(lam: float) -> float:
    """Return the sum of squared responses of w <- 0.9 w - lam w / 2 to noise, times lam^2."""
    return lam * lam / 4 / (1 - (0.9 - lam / 2) ** 2)


def test_less_than_one_mode_gets_less_of_its_own_noise() -> None:
    """Of SGD with alpha lambda = 1 a step multiplies the second moment by (tau1 m - tau2) / B."""
    whole = Problem(Spectrum([1], [1]), Noise(tau2=1))
    record: Any = copy.deepcopy(certify(sgd(1), whole, "1/8").record)
    assert record["claim"] == "stable"  # by 0
    record["problem"]["multiplicities"] = ["1/2"]  # by -4
    refused(record, "the noise is that of some data")
    with pytest.raises(InputError, match="must be at least tau2 / tau1"):
        certify(sgd(1), Problem(Spectrum([1], [0.5]), Noise(tau2=1)), "1/8")
    assert certify(sgd(1), Problem(Spectrum([1], [0.5]), Noise(tau2="1/2")), "1/8").stable
    period = {key: value for key, value in record.items() if key != "algorithm"}
    period |= {"steps": [record["algorithm"]], "witness": {"Y": [[["1"]]]}}
    refused(period, "the noise is that of some data")


def test_directions_without_data_are_not_of_the_loss() -> None:
    """Where no row looks memory may grow, which no loss shows; two equal rows make no noise."""
    method = Algorithm("7/2", [-9], [1], [[3]], [0], shrink="1/2")  # x^2 - 7/2 x + 3/2 at 0
    record: Any = copy.deepcopy(certify(method, np.array([[1.0], [1.0]]), 4).record)
    assert record["claim"] == "stable"  # x^2 at 1
    record["claim"], record["problem"]["rows"] = "unstable", [["1", "0"], ["1", "0"]]
    S = np.kron([[1 / 2, -9], [0, 3]], np.eye(2)) + np.kron([[-7 / 2, 0], [1, 0]], np.diag([1, 0]))
    Y = np.linalg.solve(np.eye(16) - np.kron(S, S), np.eye(4).ravel()).reshape(4, 4)
    Y = (Y + Y.T) / 2
    vector = np.linalg.eigh(Y)[1][:, :1].T
    record["witness"] = {"Y": dyadic(Y, 44), "vector": dyadic(vector, 44)[0]}
    refused(record, "the rows span")


def test_bounds_that_leave_it_open_are_bounds() -> None:
    stable = certify(HALF, Spectrum.power_law(2), 1).record  # of the noise sum 1/2
    above = stable["witness"]["above"]
    nothing = {"bits": 64, "pieces": [{"last": None, "polynomial": ["0"]}]}
    for low, high, because in (
        (nothing, above, ""),
        (above, above, "from 1 on is below s"),
        (nothing, nothing, "from 1 on is above s"),
        ({"bits": 64, "pieces": []}, {"bits": 64, "pieces": []}, "reach the last eigenvalue"),
    ):
        record = {**stable, "claim": "open"}
        record["witness"] = {**stable["witness"], "below": low, "above": high}
        if because:
            refused(record, because)
        else:
            assert "noise sum is between 0 and 0.5" in check_proof(record).found


def test_second_moments_that_fall_show_no_instability() -> None:
    kinds = ((HALF, np.array([[1.0], [0.5]]), [["1"]]), ([HALF, HALF], [1], [[["1"]]]))
    for method, problem, X in kinds:
        record = certify(method, problem, 4).record
        assert record["claim"] == "stable"
        refused({**record, "claim": "unstable", "witness": {"X": X}}, "- X (is|are) semidefinite")
    decays = Problem(Spectrum(["1/2"]), weight_decay="1/3")
    assert certify([sgd(3), sgd(3)], decays).check().claim == "unstable"  # by 1 - 3 (1/2 + 1/3)


def test_without_noise_modes_must_be_stable() -> None:
    rows = np.array([[1.0], [0.5]])
    for decay, claim in (("1/4", "stable"), ("1/2", "unstable")):  # 3/2 (1 + decay) is to be < 2
        decays = Problem.from_data(np.ones((2, 1)), weight_decay=decay)
        decaying = certify(sgd("3/2"), decays, "inf").record
        assert decaying["claim"] == claim
        ways: dict[str, Any] = {"stable": {}, "unstable": {"by": "noiseless"}}
        for said, witness in ways.items():
            if said == claim:
                check_proof({**decaying, "claim": said, "witness": witness})
            else:
                refused({**decaying, "claim": said, "witness": witness}, "strictly Schur")
    for problem in ([1, "1/2"], Spectrum.power_law(2), Spectrum.power_law(2, count=9), rows):
        record: Any = copy.deepcopy(certify(HALF, problem, "inf").record)
        assert record["claim"] == "stable"
        record["algorithm"]["alpha"] = "6"
        refused(record, "not proved")
        record["witness"] = {}
        refused(record, "Schur|no 'numerator'")
    for eigenvalues in (["5", "1"], ["1", "5"]):
        record = copy.deepcopy(certify([HALF, HALF], [1, "1/2"], "inf").record)
        assert record["claim"] == "stable"
        record["problem"]["eigenvalues"] = eigenvalues
        refused(record, "a period of each mode is strictly Schur")
        record |= {"algorithm": record.pop("steps")[0]}
        refused(record, r"strictly Schur at the (first|second) eigenvalue, 5")


@pytest.mark.parametrize("noise", [Noise.coupled([[9, 0], [0, 0]]),
                                   Noise.coupled([[0, 0], [0, 0]], [-9, 0])])  # fmt: skip
def test_some_noise_is_noise(noise: Noise) -> None:
    record = certify(HALF, Problem(Spectrum([1, "1/2"]), noise), 1).record
    assert record["claim"] == "unstable"
    refused({**record, "claim": "stable", "witness": {}}, "no 'vector'")


def test_factors_on_the_circle_begin_with_a_number() -> None:
    record: Any = copy.deepcopy(certify(sgd(2), Spectrum([1]), "inf").record)
    assert record["claim"] == "boundary"
    for factor in (["0", "1", "0"], ["0", "0"], ["0", "0", "0", "0"]):
        record["witness"]["on_circle"] = [factor]
        refused(record, ", does not begin with 0")


def test_a_mode_that_its_own_noise_feeds_more_and_more_is_not_stable() -> None:
    """Where 1 + tau2 s / B is not positive the noise sum, negative, says nothing."""
    problem = Problem(Spectrum([1]), Noise(0, -1))
    for size in ("0.9", 1):  # 1 + tau2 s / B is -1/9, and 0
        record = certify(sgd(1), problem, size).record
        assert record["witness"]["by"] == "mode_noise"
        refused(
            {**record, "claim": "stable", "witness": {}},
            "s / B is positive at the first eigenvalue",
        )


def test_a_noise_sum_of_1_is_not_below_1() -> None:
    """A bound of exactly 1 proves instability, and a stable method needs less."""
    law = Spectrum.power_law(2, count=1)
    record: Any = copy.deepcopy(certify(HALF, law, "1/4").record)  # of which the sum is 4 / 3
    assert record["claim"] == "unstable"
    pieces = record["witness"]["below"] = {"bits": 64, "pieces": [{"last": 1, "polynomial": []}]}
    for bound, because in (("1/4", ""), ("249/1000", "at least 1"), ("1/2", "is below s")):
        pieces["pieces"] = [{"last": 1, "polynomial": [bound]}]
        if because:
            refused(record, because)
        else:
            assert check_proof(record).claim == "unstable"
    record = copy.deepcopy(certify(HALF, law, "1/2").record)  # 2 / 3
    record["witness"]["above"] = {"bits": 64, "pieces": [{"last": 1, "polynomial": ["1/2"]}]}
    refused(record, "below 1")
    record["witness"]["above"]["pieces"][0]["polynomial"] = ["499/1000"]
    assert check_proof(record).claim == "stable"


def test_samples_may_have_no_weight() -> None:
    alone = Problem.from_data(np.array([[1.0]]), replacement=False)
    for rate, claim in (("1.9", "stable"), (2, "unstable")):
        assert certify(sgd(rate), alone, 1).check().claim == claim
    record: Any = copy.deepcopy(certify(HALF, np.array([[1.0], [0.5]]), 4).record)
    record["problem"]["weights"] = ["1", "0"]
    assert check_proof(record).claim == "stable"


def test_sets_of_modes_of_which_one_has_radius_1() -> None:
    """The second mode gets noise of the first, which gets none of it."""
    for own in (["1", "1/2"], ["1/2", "1"]):
        noise = Noise.coupled([[own[0], 0], [1, own[1]]])
        record: Any = certify(HALF, Problem(Spectrum([1, 1]), noise), "1/3").record  # s = 1/3
        assert record["claim"] == "boundary"
        for sets, vector, inverse, because in (
            ([[0], [1]], ["1", "1"], "3", ""),
            ([[0], [1]], ["0", "1"] if own[0] == "1" else ["1", "0"], "3", ""),  # solved for
            ([[0], [], [1]], ["1", "1"], "3", "no set is empty"),
            ([[0], [1]], ["1", "1"], "2", "v in some set"),
            ([[0], [1]], ["1", "1"], "4", "below v"),
            ([[1], [0]], ["1", "1"], "3", "gets no noise from later sets"),
            ([[0], [1]], ["0", "0"], "3", "is x in the set of zeros"),
            ([[0, 1]], ["1", "0"], "3", "the vector is positive"),
            ([[0, 1]], ["1", "1"], "3", "below v"),
            ([[0, 1]], ["1", "3"], "3", "below v"),  # the same in one entry, and below in the other
            ([[0]], ["1", "1"], "3", "in one of the sets"),
            ([[0], [1], [1]], ["1", "1"], "3", "in one of the sets"),
            ([[0], [2]], ["1", "1"], "3", "from 0 to 1"),
        ):
            witness = {"by": "noise_sum", "sets": sets, "vector": vector}
            changed = {**record, "witness": witness, "inverse_batch_size": inverse}
            if because:
                refused(changed, because)
            else:
                assert check_proof(changed).claim == "boundary"


def test_sums_that_are_rounded_are_rounded_outward() -> None:
    """s = 1/3 has a bit of 0, and two bits of 1/4."""
    for size, claim, bits, because in (
        ("0.6", "stable", 1, ""),  # at most 1/2, over B
        ("1/2", "stable", 1, "below 1"),
        ("1/4", "unstable", 2, ""),
        ("1/4", "unstable", 1, "at least 1"),
    ):
        record: Any = copy.deepcopy(certify(HALF, [1], size).record)
        assert record["claim"] == claim
        record["witness"]["bits"] = bits
        if because:
            refused(record, because)
        else:
            assert check_proof(record).claim == claim
    refused({**record, "witness": {"by": "it"}}, "by must be noiseless, mode_noise or noise_sum")


def test_a_vector_that_stays_is_no_proof_that_noise_falls() -> None:
    problem = Problem(Spectrum([1, 1]), Noise.coupled([[0, 1], [1, 0]]))
    record = certify(HALF, problem, "1/3").record
    assert record["claim"] == "boundary"
    refused({**record, "claim": "stable", "witness": {"vector": ["1", "1"]}}, "below v")
    witness = {"by": "noise_sum", "vector": ["1", "1"]}
    assert check_proof({**record, "claim": "unstable", "witness": witness}).claim == "unstable"
    for vector, because in (
        (["1", "2"], "at least v"),
        (["0", "0"], "not 0"),
        (["1", "-1"], "neg"),
    ):
        witness = {"by": "noise_sum", "vector": vector}
        refused({**record, "claim": "unstable", "witness": witness}, because)


def test_a_root_on_the_circle_is_not_inside() -> None:
    record = certify(sgd(2), Spectrum.power_law(2, count=3), "inf").record
    assert record["claim"] == "boundary"
    witness = {"by": "noiseless", "index": 1}
    assert check_proof({**record, "claim": "unstable", "witness": witness}).claim == "unstable"


def test_eigenvalues_without_end_that_gradients_do_not_move() -> None:
    record: Any = copy.deepcopy(certify(SHRINKS, Spectrum.power_law("0.4"), 4).record)
    assert record["witness"]["by"] == "trace"
    record["algorithm"]["alpha"] = "0"
    refused(record, "Q is not 0")
    record = copy.deepcopy(certify(HALF, Spectrum.power_law(1), 4).record)
    assert record["witness"]["by"] == "trace"
    record["problem"]["power_law"]["exponent"] = "11/10"
    refused(record, "no finite sum")


def test_eigenvalues_are_those_of_the_problem() -> None:
    ways = (("noiseless", sgd(9), 4), ("mode_noise", sgd(1), "0.9"))
    for by, method, size in ways:
        record = certify(method, Problem(Spectrum([1]), Noise(0, -1)), size).record
        for eigenvalue in (-1, 1, 2):
            witness = {"by": by, "eigenvalue": eigenvalue}
            refused({**record, "claim": "unstable", "witness": witness}, "from 0 to 0")
    period = certify([sgd(9), sgd(9)], [1], 4).record
    for eigenvalue in (-1, 1, 2):
        witness = {"by": "noiseless", "eigenvalue": eigenvalue}
        refused({**period, "claim": "unstable", "witness": witness}, "from 0 to 0")


def test_second_moments_that_change_are_no_boundary() -> None:
    halves: Any = np.array([[1.0], [0.0]])  # of which the rate 2 is the largest at B = 1
    record: Any = copy.deepcopy(certify(sgd(2), halves, 1).record)
    period: Any = copy.deepcopy(certify([HALF, HALF], [1], "1/3").record)
    assert record["claim"] == period["claim"] == "boundary"
    refused({**record, "witness": {**record["witness"], "X": [["0"]]}}, "X is positive definite")
    refused({**period, "witness": {**period["witness"], "X": [[["0"]]]}}, "X is positive definite")
    grown = certify([sgd(9), sgd(9)], [1, "1/2"], 1).record
    assert check_proof({**grown, "witness": {"X": [[["1"]], [["0"]]]}}).claim == "unstable"
    apart = Problem(Spectrum([1, 1]), Noise.coupled([[1, 0], [0, 9]]))  # the second mode grows
    grows = certify([HALF, HALF], apart, "1/3").record
    refused({**grows, "claim": "boundary", "witness": {"X": [[["1"]], [["0"]]]}},
            "X is positive definite")  # fmt: skip
    nothing = {**certify([HALF, HALF], [1], 4).record, "claim": "unstable"}
    refused({**nothing, "witness": {"X": [[["0"]]]}}, "X is not 0")
    nothing = {**certify(HALF, halves, 4).record, "claim": "unstable"}
    refused({**nothing, "witness": {"X": [["0"]]}}, "X is not 0")
    for alpha in ("19/10", "21/10"):
        record["algorithm"]["alpha"] = alpha
        refused(record, r"A\(X\) is X")
    for inverse in ("2", "4"):
        refused({**period, "inverse_batch_size": inverse}, "a period does not change X")


def test_an_order_that_is_not_positive_is_no_order() -> None:
    period = certify([HALF, HALF], [1, "1/2"], "1/9").record
    rows = certify(sgd("2.5"), np.array([[1.0], [0.5]]), 1).record
    assert period["claim"] == rows["claim"] == "unstable"
    refused({**period, "claim": "stable"}, "Y is positive definite")
    refused({**rows, "claim": "stable", "witness": {**rows["witness"], "of_Y": [["1"]]}},
            "proved: Y is positive definite")  # fmt: skip
