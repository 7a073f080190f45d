"""Every condition on what a proof may consist of, by a proof that only it refuses."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, sgd
from sgdmem.errors import ProofError
from sgdmem.proofs import check_proof
from sgdmem.symbolic.certificates import sampled_steps

HALF = sgd("1/2")
MEMORY = Algorithm("1/2", ["-1/8"], [1], [["1/4"]], [0])


@cache
def valid(name: str) -> str:
    rows = Problem.from_data(np.array([[1.0], [0.5]]))
    apart = Problem.from_data(np.array([[1.0], [0.5]]), replacement=False)
    long = Problem.from_data(np.array([[1.0, 0.5, 0.25]]))
    made: dict[str, tuple[Any, Any, Any]] = {
        "list": (MEMORY, Problem(Spectrum([1, "1/2"], [1, 2]), Noise(1, "1/2")), 4),
        "coupled": (HALF, Problem(Spectrum([1, "1/2"]), Noise.coupled([[1, 1], [1, 1]])), 4),
        "circle": (sgd(2), [1], "inf"),
        "law": (MEMORY, Spectrum.power_law(2), 4),
        "finite law": (MEMORY, Spectrum.power_law(2, count=100), 4),
        "unstable law": (MEMORY, Spectrum.power_law(2, count=100), "1/9"),
        # D has the eigenvalue -1
        "turning law": (
            Algorithm(0, [1], ["-1/2"], [[-1]], [0]),
            Spectrum.power_law(2, count=9),
            4,
        ),
        "steps": ([MEMORY, MEMORY], [1, "1/2"], 4),
        "unstable steps": ([MEMORY, MEMORY], [1, "1/2"], "1/9"),
        "rows": (MEMORY, rows, 2),
        "unstable rows": (sgd(9), rows, 1),
        "rows apart": (MEMORY, apart, 2),
        "long row": (MEMORY, long, 2),
    }
    return json.dumps(certify(*made[name]).record)


LIST, LAW = ("problem", "eigenvalues"), ("problem", "power_law")
FIRST = ("witness", "above", "pieces", 0)
CASES: tuple[tuple[str, tuple[Any, ...], Any, str], ...] = (
    ("list", LIST, ["1", "0"], "must be positive"),
    ("list", LIST, ["1", "-1/2"], "must be positive"),
    ("list", LIST, [], "multiplicities must have 0 entries"),
    ("list", LIST, "12", "must be a list"),
    ("list", ("problem", "multiplicities"), ["1", "0"], "must be positive"),
    ("list", ("problem", "weight_decay"), "-1/9", "must not be negative"),
    ("list", ("inverse_batch_size",), "-1/9", "must not be negative"),
    ("list", ("noise", "tau1"), "1/4", "the noise is that of some data"),
    ("list", ("noise", "tau1"), "-1", "tau1 is not negative"),
    ("list", ("noise", "tau2"), ["1/2", "9/8"], "the noise is that of some data"),
    ("list", ("noise", "tau2"), ["1/2"], "tau2 must have 2 entries"),
    ("list", ("algorithm", "D"), [], "D must have 1 rows"),
    ("list", ("algorithm", "c"), [], "c must have 1 entries"),
    ("list", ("algorithm", "b"), ["0"] * 65, "at most 64"),
    ("list", ("algorithm", "alpha"), "9", "strictly Schur at the first eigenvalue, 1"),
    ("list", ("witness", "bits"), 0, "bits must be an integer from 1"),
    ("list", ("witness", "bits"), 10**5 + 1, "bits must be an integer from 1 to 100000"),
    ("list", ("witness", "bits"), True, "bits must be an integer"),
    ("list", ("claim",), "unstable", "no witness of the claim 'unstable': the proof has no 'by'"),
    ("list", ("version",), 2, "version 1"),
    ("list", ("problem", "rows"), [], "must have one of"),
    ("coupled", ("noise", "coupling"), [["1", "1"]], "is square"),
    ("coupled", ("noise", "tau1"), "9", "tau1 or of a coupling, not of both"),
    ("coupled", ("noise", "coupling"), [["1", "-1"], ["1", "1"]], "is not negative"),
    ("coupled", ("noise", "coupling"), [["1"], ["1"]], "must have 2 entries"),
    ("coupled", ("witness", "vector"), ["1", "0"], "the vector is positive"),
    ("coupled", ("witness", "vector"), ["99", "1"], "below v at the second eigenvalue"),
    ("coupled", ("witness", "vector"), ["0", "0"], "N x is x in the set of zeros"),
    ("coupled", ("witness", "sets"), [[0, 1], []], "no set is empty"),
    ("coupled", ("witness", "sets"), [[0], [1]], "gets no noise from later sets"),
    ("coupled", ("witness", "sets"), [[0]], "is in one of the sets"),
    ("coupled", ("witness", "vector"), ["1", "-1"], "is not negative"),
    ("circle", ("witness", "on_circle"), [], "one factor of each"),
    ("circle", ("witness", "by"), "it", "by must be noiseless or noise_sum"),
    ("circle", ("witness", "on_circle"), [["1"]], "lie inside the circle"),
    ("circle", ("witness", "on_circle"), [["1", "-1"]], "the factor divides"),
    ("circle", ("witness", "on_circle"), [["1", "2"]], "self-inversive"),
    ("circle", ("witness", "on_circle"), [["1", "5/2", "1"]], "roots on the circle"),
    ("circle", ("algorithm", "alpha"), "1", "the factor divides"),
    ("law", (*LAW, "scale"), "0", "must be positive"),
    ("law", (*LAW, "exponent"), "0", "must be positive"),
    ("law", (*LAW, "exponent"), "1001", "must be positive"),
    ("law", (*LAW, "count"), 0, "count must be an integer from 1"),
    ("law", (*LAW, "count"), 50, "the power law has no end"),
    ("law", ("noise", "tau1"), "-1", "the noise is that of some data"),
    ("law", ("noise", "tau2"), "2", "the noise is that of some data"),
    ("turning law", (*LAW, "count"), None, "strictly stable at 0"),
    ("law", ("witness", "numerator"), ["1"], "numerator must have 2 entries"),
    ("law", ("witness", "denominator"), ["1", "0"], "denominator must have 3 entries"),
    ("law", ("witness", "above", "bits"), 7, "bits must be an integer from 8"),
    ("law", ("witness", "above", "pieces"), [], "reach the last eigenvalue"),
    ("law", (*FIRST, "polynomial"), [], "has some coefficients"),
    ("law", (*FIRST, "polynomial"), ["1"], "begins with lambda"),
    ("law", (*FIRST, "polynomial"), ["0"], "polynomial of indices from 1 on is above"),
    ("law", (*FIRST, "last"), 0, "last must be an integer from 1"),
    ("finite law", (*LAW, "count"), 101, "reach the last eigenvalue"),
    ("finite law", (*LAW, "count"), None, "reach the last eigenvalue"),
    ("finite law", ("witness", "above", "pieces"), [], "reach the last eigenvalue"),
    ("unstable law", ("witness", "below", "pieces"), [], "the noise sum is at least 1"),
    ("unstable law", ("witness", "by"), "it", "by must be"),
    ("unstable law", ("witness", "by"), "trace", "eigenvalues without end"),
    ("steps", ("steps",), [], "some steps"),
    ("steps", ("steps", 0), {"alpha": "0", "b": [], "c": [], "D": [], "a": [], "shrink": "0"},
     "the same memory"),
    ("steps", ("algorithm",), {}, "of no single algorithm"),
    ("steps", ("witness", "Y"), [], "a matrix of each eigenvalue"),
    ("steps", ("witness", "Y", 0), [["1", "0"]], "square matrices"),
    ("steps", ("witness", "Y", 0), [["1", "1"], ["0", "1"]], "is symmetric"),
    ("steps", ("witness", "Y", 1), [["0", "0"], ["0", "0"]], "positive definite"),
    ("unstable steps", ("witness", "vector"), ["0", "0"], "negative somewhere"),
    ("unstable steps", ("witness", "eigenvalue"), 2, ".eigenvalue. must be an integer from 0 to 1"),
    ("rows", ("problem", "outputs"), 0, "outputs must be an integer from 1"),
    ("rows", ("problem", "outputs"), 3, "as many rows as outputs"),
    ("rows", ("problem", "weights"), ["3/2", "-1/2"], "are probabilities"),
    ("rows", ("problem", "weights"), ["1/2", "1/4"], "are probabilities"),
    ("rows", ("problem", "weights"), ["1"], "must have 2 entries"),
    ("rows", ("problem", "replacement"), 1, "true or false"),
    ("rows", ("problem", "rows"), [["1", "0"], ["1"]], "one length"),
    ("rows", ("problem", "rows"), [], "has some numbers"),
    ("rows", ("witness", "Y"), [["1"]], "the size of the state"),
    ("rows", ("witness", "Y"), [["1", "1"], ["0", "1"]], "is symmetric"),
    ("rows", ("witness", "Y"), [["-1", "0"], ["0", "-1"]], "positive definite"),
    ("rows", ("witness", "of_Y"), [["1"]], "R has the size"),
    ("rows", ("witness", "of_Y"), [["0", "0"], ["0", "0"]], "Y is positive definite"),
    ("unstable rows", ("witness", "vector"), ["0"], "negative somewhere"),
    ("rows apart", ("problem", "weights"), ["1/4", "3/4"], "drawn alike"),
    ("rows apart", ("inverse_batch_size",), "1/3", "from 1 to all"),
    ("rows apart", ("inverse_batch_size",), "2", "from 1 to all"),
    ("long row", ("witness", "basis"), [["1"], ["1/2"], ["1/3"]], "gives the rows"),
    ("long row", ("witness", "basis"), [["1"], ["1/2"]], "gives the rows"),
    ("long row", ("witness", "coordinates"), [["2"]], "gives the rows"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "place", "value", "because"), CASES)
def test_a_condition_refuses(name: str, place: tuple[Any, ...], value: Any, because: str) -> None:
    record = json.loads(valid(name))
    check_proof(copy.deepcopy(record))
    inner = record
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(ProofError, match=because):
        check_proof(record)


def test_as_many_numbers_as_are_read_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampled_steps, "_MOST_NUMBERS", 6)
    sampled_steps.read_matrix([["1", "2", "3"]] * 2, "rows")
    for lines, columns in ((1, 7), (7, 1), (3, 3)):
        with pytest.raises(ProofError, match="rows has at most 6"):
            sampled_steps.read_matrix([["1"] * columns] * lines, "rows")
