"""Times and sizes of proofs: `python -m benchmarks.proofs` prints the table of docs/proofs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.machine import description
from benchmarks.measuring import table
from sgdmem import Noise, Problem, Spectrum, certify, heavy_ball, sgd, stability
from sgdmem.methods import aggmo
from sgdmem.proofs import Proof, check_proof

HEAD = ["question", "proved", "certify, s", "check, s", "file, kB"]
Question = tuple[str, Any, Any, Any]


def method(memory: int) -> Any:
    """Return AggMo with as many buffers, whose decimals are short."""
    return aggmo("0.1", [f"0.{9 * k + 9}" for k in range(memory)])


def questions(quick: bool) -> Iterator[Question]:
    """Yield what is asked: words, method, problem, batch size."""
    rng = np.random.default_rng(0)
    for count in (10,) if quick else (10, 1000):
        spectrum = Spectrum([f"{x:.6g}" for x in 10 ** rng.uniform(-3, 0, count)])
        for memory in (1, 2) if quick else (1, 2, 3, 4, 6, 8):
            yield (
                f"M = {memory}, {count:,} eigenvalues of 6 digits",
                method(memory),
                spectrum,
                count,
            )
    one = Spectrum([1, "1/2"])
    least = Fraction(stability(sgd("1/2"), one, 1).critical_batch_size).limit_denominator(10**6)
    yield "M = 0, the critical batch size itself", sgd("1/2"), one, least
    yield "the same, 1e-30 above", sgd("1/2"), one, least + Fraction(1, 10**30)
    T = [[f"{1 + x:.3g}" for x in line] for line in rng.random((30, 30))]
    lam = [f"{x:.3g}" for x in 10 ** rng.uniform(-2, 0, 30)]
    yield "M = 1, 30 eigenvalues, coupled", method(1), Problem(Spectrum(lam), Noise.coupled(T)), 50
    law = Spectrum.power_law("1.7")
    for memory in (1,) if quick else (1, 4, 8):
        yield f"M = {memory}, all k^-1.7", method(memory), law, 8
    yield "M = 1, 10^18 of k^-1.1", method(1), Spectrum.power_law("1.1", count=10**18), 8
    critical = stability(method(1), law, 8).critical_batch_size
    for digits in (6,) if quick else (6, 12):
        close = Fraction(critical) * (1 + Fraction(1, 10**digits))
        yield f"M = 1, all k^-1.7, 1e-{digits} above the critical batch size", method(1), law, close
    for n, d in ((20, 3),) if quick else ((100, 10), (500, 30)):
        X = np.asarray(rng.normal(size=(n, d)).round(2).astype(str), dtype=object)
        for momentum in ("0", "0.9"):
            asked = sgd("0.01") if momentum == "0" else heavy_ball("0.01", momentum)
            name = f"M = {asked.memory}, {n} x {d} rows of decimals"
            yield name, asked, Problem.from_data(X), 8
    cycle = [heavy_ball("0.1", "0.9")] * 9 + [heavy_ball("0.5", "0.9")]
    for count in (5,) if quick else (10, 100, 1000):
        short = Spectrum.power_law(2, count=count)
        yield f"M = 1, a period of 10 steps, {count:,} eigenvalues", cycle, short, 32
    n, d = (20, 3) if quick else (100, 20)
    rows = np.asarray(rng.normal(size=(n, d)).round(2).astype(str), dtype=object)
    for steps in (
        [sgd("0.01")] * 19 + [sgd("0.05")],
        [heavy_ball("0.01", "0.9")] * 19 + [heavy_ball("0.05", "0.9")],
    ):
        name = f"M = {steps[0].memory}, a period of 20 steps, {n} x {d} rows of decimals"
        yield name, steps, Problem.from_data(rows), 8


def measured(question: Question) -> list[str]:
    """Return a row of the table."""
    name, asked, problem, batch_size = question
    start = time.perf_counter()
    proof = certify(asked, problem, batch_size)
    made = time.perf_counter() - start
    with TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        proof.save(path)
        start = time.perf_counter()
        found = check_proof(path)
        checked = time.perf_counter() - start
        assert found.claim == Proof.load(path).claim
        return [name, found.claim, *(f"{x:.2g}" for x in (made, checked)),
                f"{path.stat().st_size / 1000:,.3g}"]  # fmt: skip


def report(quick: bool) -> str:
    """Return the table; the first question, which imports what is needed, is asked twice."""
    asked = list(questions(quick))
    measured(asked[0])
    return table(HEAD, [measured(question) for question in asked])


if __name__ == "__main__":
    print(description(), report("--quick" in sys.argv), sep="\n\n")
