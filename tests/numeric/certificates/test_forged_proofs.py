"""Proofs whose numbers, claims and witnesses are changed: what is accepted is true all the same."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, heavy_ball, sgd, stability
from sgdmem.errors import ProofError
from sgdmem.proofs import check_proof
from sgdmem.symbolic.certificates.proof_text import proof_text
from tests.symbolic.certificates.oracle import is_noiseless_boundary, truth

HALF = sgd("1/2")
JUNK: tuple[Any, ...] = (None, True, 0, -1, 10**50, 0.5, "", "x", "0", "1", "-1", "1/0", "9" * 5000,
        [], [[]], ["0"], {}, {"by": "noise_sum"}, "noise_sum", "noiseless", "mode_noise", "trace",
        "stable", "unstable", "boundary", "open")  # fmt: skip


def proofs() -> list[Any]:
    """Return small proofs of every kind, near the boundary, on either side of it."""
    two = Problem(Spectrum([1, "1/3"], [1, 2]), Noise(1, "1/2"), weight_decay="1/9")
    coupled = Problem(Spectrum([1, "1/3"]), Noise.coupled([[1, 2], ["1/2", 1]], ["1/2", 0]))
    method = Algorithm("1/2", ["1/4"], ["-1/3"], [["1/2"]], ["1/5"], shrink="1/20")
    X = np.array([[1, 0.5], [-0.5, 1], [0.25, 0.75]])
    questions: list[tuple[Any, Any, Any]] = [
        *((method, two, size) for size in ("1/2", "1/3", "1/4")),
        *((method, coupled, size) for size in ("1/2", "1/4", "1/9")),
        *((HALF, [1], size) for size in ("1/3", "0.3334", "0.3333")),
        (heavy_ball("0.1", "0.9"), [38, 1], 8),
        (sgd(3), [1], 1),
        (sgd(1), Problem(Spectrum([1]), Noise(1, -1)), "1/2"),
        *((HALF, Spectrum.power_law("1.5", count=3), size) for size in ("1/2", "1/3")),
        *((HALF, Spectrum.power_law("1.5"), size) for size in (1, "1/2")),
        (sgd("5"), Spectrum.power_law("1.5", count=3), 2),
        *(([HALF, sgd("3/2")], [1, "1/2"], size) for size in (4, 1)),
        *(([HALF], [1], size) for size in ("1/3", "0.3333333333333333333")),
        ([sgd(2)], [1], 1),
        (HALF, np.array([[1.0], [0.5]]), 1),
        *((sgd(rate), np.array([[1.0], [0.0]]), 1) for rate in (2, "2.000000000000000001", 9)),
        (sgd(1), Problem(Spectrum([1, 1]), Noise.coupled([[1, 0], [1, "1/2"]])), 1),
        *((sgd(rate), Spectrum.power_law("1.5", count=3), "inf") for rate in (2, "1.9")),
        *((sgd(1), Problem(Spectrum.power_law(2, count=n), Noise(0, -1)), "1/2") for n in (1, 3)),
        *((sgd("1.5"), X, size) for size in (2, 1)),
    ]
    return [json.loads(json.dumps(certify(*question).record)) for question in questions]


def places(record: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in record.items() if isinstance(record, dict) else enumerate(record):
        yield (*so_far, key)
        if isinstance(value, dict | list):
            yield from places(value, (*so_far, key))


def at(record: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        record = record[key]
    return record


def changed(rng: random.Random, record: Any, others: list[Any]) -> Any:
    """Return a record with some entry, or the witness, changed."""
    record = copy.deepcopy(record)
    how = rng.random()
    if how < 0.15:
        other = rng.choice(others)
        return record | {name: other[name] for name in rng.sample(["claim", "witness"], 1)}
    if how < 0.3:  # the same witness for the contrary, or for another batch
        record["claim"] = rng.choice(["stable", "unstable", "boundary"])
        record["witness"].pop("by", None)
        if record["claim"] != "stable":
            record["witness"]["by"] = rng.choice(["noise_sum", "noiseless", "mode_noise"])
        return record
    *way, last = rng.choice([*places(record)])
    place = at(record, tuple(way))
    value = place[last]
    number = isinstance(value, str) and value.lstrip("-").replace("/", "").isdigit()
    if number and value not in JUNK and how < 0.9:
        x = Fraction(value)
        near = x + rng.choice([-1, 1]) * Fraction(1, 2 ** rng.randint(0, 60))
        place[last] = str(rng.choice([near, near, -x, 2 * x, x / 2, Fraction(0), 1 - x]))
    elif type(value) is int and how < 0.9:
        place[last] = rng.choice([value + 1, value - 1, 0, 1, 2, 3, 4])
    else:
        place[last] = copy.deepcopy(rng.choice(JUNK))
    return record


def outcome(record: Any) -> str:
    """Return whether a record is refused, or accepted and true; fail if what it claims is false."""
    try:
        claim = check_proof(record).claim
    except ProofError:
        return "refused"
    law = record["problem"].get("power_law", {"count": 1})
    found = truth(record) if law["count"] in range(1, 6) else verdict(record)
    right = {
        "stable": found == "stable",
        "unstable": found != "stable",
        "boundary": found == "boundary" or (claim == "boundary" and is_noiseless_boundary(record)),
        "open": True,
    }
    assert right[claim], record
    return f"{claim}, and true"


def verdict(record: Any) -> str:
    """Return what a verdict says of a longer power law."""
    method, law, noise = record["algorithm"], record["problem"]["power_law"], record["noise"]
    algorithm = Algorithm(**{key: value for key, value in method.items() if key != "name"})
    spectrum = Spectrum.power_law(law["exponent"], scale=law["scale"], count=law["count"])
    decay, inverse = record["problem"]["weight_decay"], Fraction(record["inverse_batch_size"])
    problem = Problem(spectrum, Noise(noise["tau1"], noise["tau2"]), weight_decay=decay)
    found = stability(algorithm, problem, 1 / inverse if inverse else "inf").stable
    return {True: "stable", False: "unstable", None: "open"}[found]


def attack(count: int, seed: int) -> Counter[str]:
    rng, valid = random.Random(seed), proofs()
    found: Counter[str] = Counter()
    for _ in range(count):
        record = rng.choice(valid)
        for _ in range(rng.choice([1, 1, 2, 3])):
            record = changed(rng, record, valid)
            if not isinstance(record.get("witness"), dict):
                break
        found[outcome(record)] += 1
    return found


def test_proofs_of_every_kind_are_true_and_can_be_read() -> None:
    assert all("Theorem" in proof_text(record) for record in proofs())
    assert {outcome(record) for record in proofs()} == {
        "stable, and true",
        "unstable, and true",
        "boundary, and true",
    }


def test_no_false_claim_is_accepted() -> None:
    found = attack(500, 0)
    assert found["refused"] > 100
    assert found["stable, and true"] > 10


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(1, 9))
def test_no_false_claim_is_accepted_of_many(seed: int) -> None:
    assert attack(20_000, seed)["refused"] > 10_000
