"""Keys of proofs: what the checker does not use it refuses, so that nothing else is told."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sgdmem import Algorithm, Noise, Problem, Reason, Spectrum, certify, sgd
from sgdmem.errors import ProofError, UndecidedError
from sgdmem.proofs import Proof, check_proof
from sgdmem.symbolic.certificates.check import kind_of
from sgdmem.symbolic.certificates.proof_text import proof_text
from tests.symbolic.certificates.test_proof_text import KINDS, PAGE, documented, records

ROWS = Problem.from_data([["0.5", "-1.2"], ["1.1", "0.3"], ["-0.7", "0.9"], ["0.2", "0.4"]])
EVERY = sorted({key for kind in KINDS.values() for key in documented(kind)})
VALUES: tuple[Any, ...] = (5, None, ["1"], [["1"]], {}, "noise_sum", "noiseless", "trace")


def levels(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all records in a record."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for inside in value.values() if isinstance(value, dict) else value:
            yield from levels(inside)


def of_claims() -> dict[tuple[str, str, str], set[str]]:
    """Return the table of the page: keys of a witness by kind, claim and `by`."""
    found = {}
    part = PAGE.split("| problem | claim | `by` | keys of `witness` |")[1].split("\n\n")[0]
    for line in part.splitlines()[2:]:
        kind, claims, ways, keys = (cell.strip() for cell in line.split("|")[1:-1])
        for claim in re.findall("`(.*?)`", claims):
            for by in re.findall("`(.*?)`", ways) or [""]:
                found[kind, claim, by] = {*re.findall("`(.*?)`", keys)}
    return found


def case(record: Any) -> tuple[str, str, str]:
    return KINDS[kind_of(record)], record["claim"], record["witness"].get("by", "")


def test_a_key_that_no_one_knows_is_refused_at_every_level() -> None:
    for record in records():
        for k in range(len([*levels(record)])):
            changed = copy.deepcopy(record)
            where = [*levels(changed)][k]
            where["no such\nkey"] = "1"
            with pytest.raises(ProofError, match="'no such") as said:
                check_proof(changed)
            assert "is not used in a proof about" in str(said.value)
            assert str(said.value).isprintable()


def test_keys_of_a_claim_are_those_of_the_page() -> None:
    """Any other is refused, and whatever is accepted can be told."""
    table, seen, rng = of_claims(), set[Any](), random.Random(0)
    for record in records():
        seen.add(case(record))
        allowed = table[case(record)]
        assert {*record["witness"]} - {"by"} <= allowed, case(record)
        for key in EVERY:
            if key in record["witness"] or rng.random() < 0.5:
                continue
            for value in rng.sample(VALUES, 2):
                changed = copy.deepcopy(record)
                changed["witness"][key] = value
                try:
                    check_proof(changed)
                except ProofError:
                    continue
                assert key in table[case(changed)] | {"by"}, (case(record), key, value)
                assert proof_text(changed)
    assert {kind for kind, *_ in seen} == {*KINDS.values()} and len(seen) > 15
    assert {*EVERY} == set[str]().union(*table.values()) | {"by", "pieces", "last", "polynomial"}


@pytest.mark.parametrize("by", ["stable", "open", "boundary", "trace", "noise_sum", ["x"], {}, 1])
def test_the_reason_is_what_was_checked(by: Any) -> None:
    for algorithm in (sgd("1.9"), [sgd("1.9"), sgd("1.9")]):
        proof = certify(algorithm, ROWS, 1)
        assert proof.reason is Reason.NOISE_SUM
        changed = copy.deepcopy(dict(proof.record))
        changed["witness"]["by"] = by
        with pytest.raises(ProofError, match="by"):
            _ = Proof(changed).reason


@pytest.mark.parametrize("noise", [Noise(0, 0), Noise.coupled([[0, 0], [0, 0]]), Noise(1, 1)])
def test_without_noise_there_is_nothing_to_witness(noise: Noise) -> None:
    batch = "inf" if noise.tau1 and noise.coupling is None else 2
    for algorithm in (sgd("1/2"), [sgd("1/2"), sgd(1)]):
        record = certify(algorithm, Problem(Spectrum([1, "1/3"]), noise), batch).record
        assert (record["claim"], record["witness"]) == ("stable", {})
    if noise.coupling is None:
        law = certify(sgd("1/2"), Problem(Spectrum.power_law(2), noise), batch).record
        assert (law["claim"], {*law["witness"]}) == ("stable", {"numerator", "denominator"})


def test_a_method_that_no_gradient_moves() -> None:
    still = Algorithm(0, shrink="1/20")
    coupled = Problem(Spectrum([1, "1/3"]), Noise.coupled([[0, 1], [1, 0]]))
    assert certify(still, coupled, 2).stable
    with pytest.raises(UndecidedError, match="no gradient moves w"):
        certify(still, Problem(Spectrum.power_law(2), Noise(1, 0)), 2)


def test_what_is_equal_to_an_integer_is_none() -> None:
    record = copy.deepcopy(records()[0])
    for version in (True, 1.0, "1", None):
        with pytest.raises(ProofError, match="this is a proof of version"):
            check_proof(record | {"version": version})


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("1e90000", "without a decimal point or an exponent, got '1e90000'"),
        ("0.5", "without a decimal point or an exponent, got '0.5'"),
        ("9" * 4001, "a text of at most 4,000 digits, got 4,001"),
        (3, "must be a text such as '-3/4', got 3"),
    ],
)
def test_numbers_that_cannot_be_read_are_told_why(number: Any, told: str) -> None:
    record = copy.deepcopy(records()[0])
    record["problem"]["eigenvalues"][0] = number
    with pytest.raises(ProofError, match="eigenvalues must be") as said:
        check_proof(record)
    assert told in str(said.value)
