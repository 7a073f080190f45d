"""What a proof says it is about: two questions that differ never read the same."""

from __future__ import annotations

import copy
from fractions import Fraction
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, sgd
from sgdmem.symbolic.certificates.proof_text import proof_text
from sgdmem.symbolic.certificates.question import question_lines
from tests.symbolic.certificates.test_proof_text import places, records

ASKED = ("algorithm", "steps", "problem", "noise", "inverse_batch_size", "workers")
MANY = np.random.default_rng(1).normal(size=(6, 7))


def more() -> list[Any]:
    """Return questions of many numbers."""
    T = [[str(Fraction(i + 1, j + 2)) for j in range(6)] for i in range(6)]
    each = [f"0.{k}" for k in range(6)]
    spectrum = Spectrum([*range(1, 7)], [1, 2, 3, 4, 5, 6])
    coupled = Problem(spectrum, Noise.coupled(T, each), weight_decay="0.1")
    D = [[str(Fraction(i == j, 9 + i)) for j in range(6)] for i in range(6)]
    method = Algorithm("0.01", each, each, D, each, shrink="0.001")
    steps = [sgd(f"0.0{k}") for k in range(1, 8)]
    return [
        certify(method, coupled, 10**4).record,
        certify(steps, [1, 2], 50).record,
        certify(sgd("0.001"), Problem.from_data(MANY, weights=[1, 2, 3, 4, 5, 6]), 2).record,
        certify(sgd(0.1), [0.3, 1.1], 3.7).record,
    ]


def told(record: Any) -> str:
    return "; ".join(question_lines(record))


def test_each_number_of_a_question_changes_what_is_told() -> None:
    count = 0
    for record in [*records(), *more()]:
        before = told(record)
        asked = {name: record[name] for name in ASKED if name in record}
        quiet = asked["inverse_batch_size"] == "0"  # of which noise is no part
        if quiet:
            asked.pop("noise", None)
        for *way, last in places(asked):
            value: Any = asked
            for key in [*way, last]:
                value = value[key]
            if (
                last == "name"
                or (quiet and last == "replacement")
                or not isinstance(value, str | int)
            ):
                continue
            changed = copy.deepcopy(asked | {"noise": record.get("noise")})
            place: Any = changed
            for key in way:
                place = place[key]
            count += 1
            if isinstance(value, str):
                place[last] = str(Fraction(value) + Fraction(1, 10**25))
            else:
                place[last] = not value if isinstance(value, bool) else value + 1
            assert told(changed) != before, (way, last)
    assert count > 300


def test_a_digest_is_that_of_the_exact_numbers() -> None:
    *_, data, floats = more()
    text = "\n".join(" ".join(map(str, map(Fraction, line))) for line in MANY.tolist())
    expected = sha256(text.encode()).hexdigest()[:16]
    assert f"least squares on 6 rows of 7 numbers (digest {expected})" in told(data)
    assert f"({'digest ' + sha256(str(Fraction(3.7)).encode()).hexdigest()[:16]})" in told(floats)


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ([["1", "2"], ["1/3", "-0.5"]], "2 rows of 2 numbers, [[1, 2], [1/3, -0.5]]; batch"),
        ([["1", "2", "3"], ["1", "0", "1"]], "2 rows of 3 numbers, [[1, 2, 3], [1, 0, 1]]; batch"),
    ],
)
def test_small_data_are_shown(rows: Any, shown: str) -> None:
    proof = certify(sgd("0.01"), Problem.from_data(rows), 1)
    assert shown in told(proof.record)
    basis = "with a basis C of what the rows span, [[1, 1], [2, 0], [3, 1]]."
    assert (basis in " ".join(proof_text(proof.record).split())) is (len(rows[0]) == 3)


def test_a_coupling_matrix_is_shown() -> None:
    coupled = Problem(Spectrum([1, "1/3"]), Noise.coupled([[1, 2], ["1/2", 1]], ["1/2", 0]))
    record = certify(sgd("0.1"), coupled, 9).record
    assert "batch size 9, coupling T = [[1, 2], [0.5, 1]], tau2 = [0.5, 0]" in told(record)
