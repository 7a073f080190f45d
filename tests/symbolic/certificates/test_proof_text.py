"""Proofs as a person reads them, and whatever stands in their place."""

from __future__ import annotations

import contextlib
import copy
import inspect
import json
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, heavy_ball, sgd
from sgdmem.errors import ProofError
from sgdmem.proofs import Proof
from sgdmem.symbolic.certificates import (
    check,
    coupled,
    law_modes,
    listed_modes,
    modes,
    noise_sums,
    periods,
    power_laws,
    sampled_periods,
    sampled_steps,
    samples,
)
from sgdmem.symbolic.certificates.check import kind_of
from sgdmem.symbolic.certificates.proof_text import proof_text

HALF, MOMENTUM = sgd("1/2"), heavy_ball("0.1", "0.9")
X = np.random.default_rng(0).normal(size=(6, 2)).round(1)
COUPLED = Problem(Spectrum([1, 1]), Noise.coupled([[0, 1], ["1/2", 0]]))
BLOCKS = Problem(Spectrum([1, 1]), Noise.coupled([[1, 0], [1, "1/2"]]))
HALVES = Problem.from_data([[1.0], [0.0]])  # of which the rate 2 is the largest
ALONE = Problem(Spectrum.power_law(2), Noise(0, -1))
ODD: list[Any] = [
    *(None, True, 0, 1, -1, 10**30, 1.5, "", "x", "1/0", "-1", "0", "1", "\x1b[2J", "stable"),
    *("unstable", "boundary", "open", "noise_sum", "trace", [], [[]], [1], ["1"], {}, "9" * 3999),
]
NAMES = (
    "X",
    "Y",
    "by",
    "bits",
    "vector",
    "sets",
    "on_circle",
    "numerator",
    "above",
    "index",
    "steps",
)


@cache
def records() -> list[Any]:
    """Return a proof of every kind."""
    asked = [
        *((HALF, [1, 2], 4), (HALF, [1], "1/3"), (MOMENTUM, [38, 1], 8), (HALF, [5], 2)),
        *((HALF, COUPLED, 1), (HALF, COUPLED, "1/1000"), (HALF, Spectrum.power_law(2), 2)),
        *((HALF, Spectrum.power_law(2), "0.1"), (HALF, Spectrum.power_law(1), 2)),
        *(([HALF, sgd(1)], [1, "0.3"], 8), ([HALF, sgd(9)], [3, 1], 1)),
        *((sgd("0.1"), X, 2), (sgd(3), X, 1)),
        *(([HALF, HALF], [1], "1/3"), ([sgd(2), sgd(2)], [1], 4), ([HALF, HALF], [1, "1/2"])),
        *((sgd(2), HALVES, 1), (HALF, X), (sgd(99), X), (HALF, BLOCKS, "1/3")),
        *((MOMENTUM, Spectrum.power_law("1.5", scale=38), 8), (sgd(1), ALONE, 1)),
        *((MOMENTUM, Spectrum.power_law("1.5", scale=39), 8), (MOMENTUM, [39], 8)),
        (sgd(1), Problem(Spectrum([1]), Noise(0, -1)), "0.9"),
    ]
    teams = certify([sgd("0.2"), sgd("0.1")], X, 2, workers=2)
    epoch = certify(sgd(9), Problem.from_data(X[:5], drop_last=False), 3)
    proofs = [*(certify(*question) for question in asked), teams, epoch]
    return [json.loads(json.dumps(proof.record)) for proof in proofs]


def test_it_says_what_was_asked_found_and_assumed() -> None:
    first = proof_text(records()[0])
    assert "SGD: alpha = 0.5\n  eigenvalues [1, 2]; batch size 4, tau1 = 1, tau2 = 0\n" in first
    assert "1. P = x - 1, Q = -0.5." in first
    assert "2. The largest s / (1 + tau2 s / B): 1 at 2, 1/3 at 1." in first
    assert "the noise sum, between 0.33333" in first
    assert "self-inversive" in proof_text(records()[2])
    assert "N v < v" in proof_text(records()[4])
    assert "A polynomial on all eigenvalues" in proof_text(records()[6])
    assert "2 steps over and over:\n  1 of SGD: alpha = 0.5\n" in proof_text(records()[9])
    assert "FLINT" in proof_text(records()[11])
    assert "X is positive definite, and A(X) = X." in proof_text(records()[13])
    assert "whether its steps are Schur" in proof_text(records()[14])
    assert "N v < v in each, or N v = v" in proof_text(records()[19])
    assert "At the first eigenvalue, 38, P - lambda Q is divided by x + 1, which" in proof_text(
        records()[20]
    )
    teams, epoch = (proof_text(record) for record in records()[-2:])
    assert "2 steps over and over by 2 workers, averaged after each round" in teams
    batches = "1 batch of 3, then 1 of 2, samples drawn with replacement"
    assert batches in " ".join(epoch.split())
    gap = Algorithm("1/4", ["-3/4", "3/4"], [1, 1], [["3/4", 0], [0, "1/2"]], ["-1/2", "3/8"])
    runs = certify(gap, Spectrum.power_law(3, scale=3), 100).text
    assert "positive on an interval of each run of eigenvalues, cut after 1." in " ".join(
        runs.split()
    )
    uneven = certify(sgd("1/4"), Problem.from_data(X[:3], weights=[2, 1, 1]), 2).text
    assert "of uneven probabilities [0.5, 0.25, 0.25]; batch" in " ".join(uneven.split())
    for record in records():
        text = proof_text(record)
        assert "What is assumed" in text
        assert max(map(len, text.splitlines())) <= 100


def test_names_of_a_file_do_not_reach_the_terminal_as_they_are() -> None:
    for name in ("\x1b[2Jsgd", "SGD\n", "SGD: alpha = 0.1; 2", "a=1", "é", "y" * 101, 5, None):
        for key, of in (("made", None), ("name", "algorithm")):
            record = copy.deepcopy(records()[0])
            (record[of] if of else record)[key] = name
            with pytest.raises(ProofError, match=f"'{key}' must be a text of at most 100") as said:
                proof_text(record)
            assert str(said.value).isprintable()
    mine = certify(Algorithm("1/2", name="Mine: α = 1; sgd(2)"), [1], 4).text
    assert "\n  Mine 1 sgd(2): alpha = 0.5\n" in mine


PAGE = (Path(__file__).parents[3] / "docs" / "proofs.md").read_text()
KINDS = {"eigenvalues": "list", "power_law": "power law", "rows": "data", "steps": "period",
         "row_steps": "period on data"}  # fmt: skip


def documented(kind: str) -> set[str]:
    """Return the keys of a witness, and those within, that the page lists."""
    rows = [line.split("|")[1:] for line in PAGE.splitlines() if line.startswith(f"| {kind} |")]
    known = {"noiseless", "mode_noise", "noise_sum", "trace"}  # values of one
    known |= {"stable", "unstable", "boundary", "open"}
    return {key for _, *cells in rows for x in cells for key in re.findall("`(.*?)`", x)} - known


def keys_within(value: Any) -> Iterator[str]:
    yield from (way[-1] for way in places(value) if isinstance(way[-1], str))


def test_all_keys_are_documented() -> None:
    """Those of proofs of all kinds, and those that the checker looks for in any."""
    head, found = set(re.findall("`([A-Za-z_0-9]+)`", PAGE)), set[str]()
    for record in records():
        assert {*keys_within({**record, "witness": {}})} <= head
        witness = {*keys_within(record["witness"])}
        assert witness <= documented(KINDS[kind_of(record)])
        found |= witness
    read = set[str]()
    for module in (check, coupled, law_modes, listed_modes, modes, noise_sums, periods, power_laws,
                   sampled_periods, sampled_steps, samples):  # fmt: skip
        source = inspect.getsource(module)
        for pattern in (
            r'field\(\w+, "(\w+)"',
            r'witness\["(\w+)"\]',
            r'witness.get\("(\w+)"',
            r'"(\w+)" (?:not )?in witness',
            r'_read_family\(\w+, witness, "(\w+)"',
            r'_squares\(\w+, witness, "(\w+)"',
            r'record.get\("(\w+)"',
            r'of_polynomials.get\("(\w+)"',
            r'label\(record, "(\w+)"',
        ):
            read |= {*re.findall(pattern, source)}
    assert read <= head and len(read) > 35
    every = set[str]().union(*map(documented, KINDS.values()))
    assert found <= read and every <= read


def places(record: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in record.items() if isinstance(record, dict) else enumerate(record):
        yield (*way, key)
        if isinstance(value, dict | list):
            yield from places(value, (*way, key))


@pytest.mark.parametrize(
    "count", [300, pytest.param(100_000, marks=pytest.mark.exhaustive)], ids=["few", "many"]
)
def test_whatever_stands_in_a_proof_it_is_read_or_refused(count: int) -> None:
    rng = random.Random(1)
    for _ in range(count):
        record = copy.deepcopy(rng.choice(records()))
        for _ in range(rng.choice([1, 1, 2])):
            *way, last = rng.choice([*places(record)])
            place = record
            for key in way:
                place = place[key]
            if rng.random() < 0.2 and isinstance(place, dict):
                place[rng.choice(NAMES)] = copy.deepcopy(rng.choice(ODD))
            elif rng.random() < 0.2:
                del place[last]
            elif rng.random() < 0.2 and isinstance(last, str):
                place[last] = copy.deepcopy(rng.choice(records()).get(last))
            else:
                place[last] = copy.deepcopy(rng.choice(ODD))
        with contextlib.suppress(ProofError):
            proof_text(record)
            assert Proof(record).reason
