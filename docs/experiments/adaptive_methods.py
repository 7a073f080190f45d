"""Numbers of the page on adaptive methods: by epsilon, start, rate, and by p and n.

Everything is deterministic; what is in the table already is not computed again. ``value`` is

- "epsilon": the least one from which on AdaGrad errs nowhere, as gradient descent (3,000 steps with
  the rate 0.05 max(1, epsilon), by bisection)
- "start": the multiple of the adaptive solution from which on gradient descent errs, exactly
- "rate": the test error of AdaGrad at p = 0.6, after 3,000 steps of a constant rate, ``at``
- the others: expected test errors of n labels, ``at`` p.

Run with a path for the table:

    python docs/experiments/adaptive_methods.py docs/data/adaptive_methods.csv
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from sgdmem.systems import adaptive_errors, adaptive_problem, adaptive_run

COLUMNS = "quantity", "ones", "others", "n", "at", "value"
BALANCES = ((7, 4), (14, 8), (28, 16))
RATES = (((2, 4), (0.01, 0.1, 0.3, 1)), ((5, 6), (0.01, 0.1, 0.3, 1)))
SHARES = ("0.2", "0.3", "0.4", "0.45", "0.51", "0.55", "0.6", "0.75", "0.9")
NUMBERS = (5, 21, 101)
STEPS = 3000
Task = tuple[tuple[str, str, str, str, str], Callable[[], Any]]


def problem(ones: int, others: int) -> Any:
    return adaptive_problem([1] * ones + [-1] * others)


def errs(ones: int, others: int, rate: float, epsilon: float) -> Any:
    """Return the test error of AdaGrad at p = 0.6."""
    given = problem(ones, others)
    end = adaptive_run(given, "adagrad", [rate] * STEPS, epsilon=epsilon)[-1]
    return given.test_error(end, "0.6")


def least_epsilon(ones: int, others: int) -> float:
    low, high = 1e-3, 10.0
    while high / low > 1.001:
        middle = (low * high) ** 0.5
        if errs(ones, others, 0.05 * max(1.0, middle), middle):
            low = middle
        else:
            high = middle
    return high


def first_multiple(ones: int, others: int) -> Fraction:
    """Return where the score of a new point with the label -1 is 0: it is linear in the start."""
    given = problem(ones, others)
    ends = (given.minimum_norm(f * given.sign_solution()) for f in (0, 1))
    low, high = (-w[0] + w[1] + w[2] for w in ends)
    return Fraction(-low / (high - low))


def tasks() -> Iterator[Task]:
    """Return the keys of all rows, and what computes their values."""
    for ones, others in BALANCES:
        key = str(ones), str(others), str(ones + others), ""
        yield ("epsilon", *key), lambda ones=ones, others=others: least_epsilon(ones, others)
        yield ("start", *key), lambda ones=ones, others=others: first_multiple(ones, others)
    for (ones, others), rates in RATES:
        for rate in rates:
            key = str(ones), str(others), str(ones + others), str(rate)
            yield (
                ("rate", *key),
                lambda ones=ones, others=others, rate=rate: errs(ones, others, rate, 0.0),
            )
    for n in NUMBERS:
        for p in SHARES:
            for name in ("gradient_descent", "adaptive", "signs", "adagrad"):
                yield (
                    (name, "", "", str(n), p),
                    lambda n=n, p=p, name=name: getattr(adaptive_errors(n, p), name),
                )


def main(table: Path) -> None:
    """Compute what is missing."""
    if not table.exists():
        table.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    with table.open(newline="", encoding="utf-8") as file:
        done = {tuple(row[:-1]) for row in csv.reader(file)}
    for key, value in tasks():
        if key not in done:
            with table.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerow([*key, f"{float(value()):.6g}"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
