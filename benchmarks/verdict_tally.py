"""What comes out of counted verdicts: right, undecided, wrong."""

from __future__ import annotations

from collections import Counter
from typing import Any

Tally = Counter[tuple[str, str, str]]  # kind, judge, answer
RIGHT, UNDECIDED, WRONG = "right", "undecided", "wrong"
ANSWERS = {1: True, 0: False, -1: None}


class Counts:
    """What came out, by kind and judge, and the cases that are wrong or undecided."""

    def __init__(self) -> None:
        self.tally: Tally = Counter()
        self.cases: list[str] = []

    def add(self, kind: str, judge: str, answer: bool | None, truth: bool, case: Any) -> None:
        """Count one."""
        result = UNDECIDED if answer is None else RIGHT if answer is truth else WRONG
        self.tally[kind, judge, result] += 1
        if result == WRONG or (result == UNDECIDED and len(self.cases) < 20):
            self.cases.append(f"{result}: {kind}, {judge}: {case!r}")
