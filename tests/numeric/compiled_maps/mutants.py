"""Mutants of the machine code of maps: an operator, a number or a term of its source is changed.

``python -m tests.numeric.compiled_maps.mutants [--kernel NAME]`` checks every mutant of the
generated source, run as plain Python, and lists those that no check notices. Operations with error
bounds are changed one by one, in sources of their own, and left alone where a kernel is made of
them.
"""

from __future__ import annotations

import argparse
import ast
import re
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tests.numeric.compiled_maps.plain_kernels import Kernel, function_of, tree_of
from tests.numeric.compiled_maps.test_kernel_bounds import KERNELS
from tests.numeric.judges.mutants import changed

SECONDS = 20
BALLS = re.compile(r"[tfrg]\d+(_\w+)?$")  # values and radii of operations
ROOM = "only the room of a bound"
# of a range whose ends are not sharp; of the first node of four; and of what is left early
SAME = ("t2_c > 1e-290 with GtE", "t2_c < 1e+290 with LtE", "j + 0 with Sub", "False turned",
        "no break", "state[192 + p] >= 0.0 with Gt", "here < state[192 + p] with LtE",
        "state[192 + p] < 0.0 with LtE")  # fmt: skip
ENDS = re.compile(  # of radii that are rounded up; of what is clear; of the larger of two
    r"t\d+ (<= -|> )1\.0\d+ \* r\d+ with (Lt|GtE)"
    r"|d_\d > 1024.0 \* d_e_\d with GtE|s\d > state\[128 \+ p\] with GtE"
)
SMALL = "of the second order, far below what a reader of a radius adds to it"
KINDS = "noise whose sum is infinite is unstable, whichever powers have one"
LARGE = "where tau2 > 0 every 1 + (tau2/B) s is above 1 less a sum"
_THIRD = (
    "r2 = r_x * (abs(0.3333333333333333) + 1.8503717077085944e-17) + abs(v_x) * "
    "1.8503717077085944e-17 + (1.1102230246251565e-16 * abs(t2) + 1e-300)"
)
_SIZE = "abs(0.3333333333333333) + 1.8503717077085944e-17"
EQUIVALENT: dict[tuple[str, str], str] = {
    (_THIRD, f"{_SIZE} with Sub"): SMALL,
    (_THIRD, f"{_SIZE} without its last term"): SMALL,
    ("elif 1 - total > error:", "1 - total > error with GtE"): "the error is rounded up",
    ("elif total - 1 >= error:", "total - 1 >= error with Gt"): "the error is rounded up",
    ("trace = 1 if share + share_r > 0 else 0", "1 plus 1"): KINDS,
    ("elif trace == 2:", "2 plus 1"): KINDS,
    ("elif trace == 2: flag = 0", "0 plus 1"): KINDS,
    ("least = 1 / (1 - share2 * rows[2, p]) if share2 < 0 else 1.0", "share2 < 0 with LtE"): LARGE,
    ("least = 1 / (1 - share2 * rows[2, p]) if share2 < 0 else 1.0", "0 plus 1"): LARGE,
}  # fmt: skip


def lines_of(tree: ast.Module) -> Iterator[int]:
    """Yield the lines in which balls are computed or loaded, of a kernel made of operations."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Name) and BALLS.match(target.id):
                yield node.lineno


def is_noticed(tree: ast.Module, function: str, check: Callable[[Kernel], None]) -> bool:
    """Whether a check fails, ends in an error or takes long."""

    def late(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        check(function_of(tree, function))
    except Exception:
        return True
    finally:
        signal.alarm(0)
    return False


def main() -> None:
    """Check all mutants of some kernels and list those that live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default="", help="the beginning of its name")
    asked = parser.parse_args()
    for name, (source, function, check) in KERNELS.items():
        if not name.startswith(asked.kernel) or name == "quotient":  # made of two others
            continue
        tree, text = tree_of(source), source.splitlines()
        check(function_of(tree, function))
        skipped = set(lines_of(tree)) if function == "judge" else set()
        alive = total = 0
        for what, mutant in changed(tree):
            line, change = what.split(": ", 1)
            place = text[int(line) - 1].split("#")[0].strip() if line.isdigit() else ""
            if place.startswith("flag"):
                place = f"{text[int(line) - 2].strip()} {place}"
            own = line.isdigit() and int(line) in skipped
            same = (place, change) in EQUIVALENT or change in SAME or ENDS.fullmatch(change)
            if own or same:
                continue
            total += 1
            if not is_noticed(mutant, function, check):
                alive += 1
                sys.stdout.write(f"{name}: {place[:60]}: {change}\n")
                sys.stdout.flush()
        sys.stdout.write(f"{total - alive} of {total} mutants of {name} are noticed\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
