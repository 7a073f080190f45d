"""The rule against the same condition in words, for everything that may be known."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.judges.stability_rule import (
    REASONS,
    decide,
    decide_unphysical,
    flags,
    javascript_rule,
    margin,
    radius_limit,
    rule_lines,
)

BOUNDS = [(0.5, 0.6), (0.5, 1), (0.5, 1.5), (1, 1), (1, 1.2), (1.2, 1.5), (0, math.inf)]
NAMES = ("pull", "schur", "trace", "noise", "damped", "low", "high")
KNOWN = [
    dict(zip(NAMES, (*names, *bounds), strict=True))
    for *names, bounds in product((0, 1), (-1, 0, 1), (0, 1, 2), (0, 1), (-1, 0, 1), BOUNDS)
]


def expected(
    pull: int, schur: int, trace: int, noise: int, damped: int, low: float, high: float
) -> Reason:
    """Decide in the words of the docs: without noise first, then each mode, then their sum."""
    if not pull:
        return Reason.NO_PULL
    if schur == -1:
        return Reason.NOISELESS
    if trace:
        return {1: Reason.TRACE_DIVERGES, 2: Reason.SQUARES_DIVERGE}[trace]
    if schur == 0:
        return Reason.UNDECIDED_NOISELESS
    if not noise:
        return Reason.STABLE
    if damped != 1:
        return {-1: Reason.MODE_NOISE, 0: Reason.UNDECIDED_MODE_NOISE}[damped]
    if high < 1:
        return Reason.STABLE
    return Reason.UNDECIDED_NOISE_SUM if low < 1 else Reason.NOISE_SUM


def test_all_that_may_be_known_is_decided_as_in_words() -> None:
    together = decide(**{name: np.array([known[name] for known in KNOWN]) for name in NAMES})
    assert together.dtype == np.int8
    for code, known in zip(together, KNOWN, strict=True):
        assert REASONS[code] is expected(**known), known  # type: ignore[arg-type]


def test_what_is_not_known_decides_nothing() -> None:
    nan = decide(pull=1, schur=1, trace=0, noise=1, damped=1, low=math.nan, high=math.nan)
    assert REASONS[int(nan)] is Reason.UNDECIDED_NOISE_SUM


@pytest.mark.parametrize(
    ("pull", "schur", "low", "high", "reason"),
    [
        (0, 1, 0, 0, Reason.NO_PULL),
        (1, 0, 2, 0, Reason.UNPHYSICAL_NOISE),
        (1, -1, 2, 0, Reason.UNPHYSICAL_NOISE),
        (1, 1, 1, 0.5, Reason.NOISE_SUM),
        (1, 1, 0.9, 0.99, Reason.STABLE),
        (1, 1, 0.9, 1, Reason.UNPHYSICAL_NOISE),
    ],
)
def test_noise_that_no_data_have(
    pull: int, schur: int, low: float, high: float, reason: Reason
) -> None:
    code = decide_unphysical(pull=pull, schur=schur, proved_low=low, cautious_high=high)
    assert REASONS[int(code)] is reason


def test_flags_and_margins() -> None:
    codes = [REASONS.index(Reason.STABLE), REASONS.index(Reason.NOISE_SUM)]
    open_end = REASONS.index(Reason.UNDECIDED_NOISE_SUM)
    assert flags(np.array([*codes, open_end])).tolist() == [1, 0, -1]
    found = margin(np.array([0.25, 0.25, np.inf]), np.array([0.5, 2.0, 0.5]))
    assert found.tolist() == [0.5, 0.75, -math.inf]


def test_the_rule_in_other_languages() -> None:
    assert radius_limit() == ("<", 1)
    lines = rule_lines(lambda name, sign, number, reason: f"{name}{sign}{number}:{reason.value}")
    for known in KNOWN:  # the first line that holds
        held = (line.split(":")[1] for line in lines if eval(line.split(":")[0], {}, known))
        assert next(held, "undecided_noise_sum") == expected(**known).value  # type: ignore[arg-type]
    text = javascript_rule().splitlines()
    assert text[0] == "function decide(pull, schur, trace, noise, damped, low, high) {"
    assert text[1] == '  if (pull === 0) return "no_pull";'
    assert text[2] == '  if (schur < 0) return "noiseless";'
    assert len(text) == len(lines) + 3
    assert text[-2:] == ['  return "undecided_noise_sum";', "}"]
