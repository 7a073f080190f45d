"""Mutants of the rule, of balls and of exact decisions about lists.

``python -m tests.numeric.judges.mutants [--module ball]`` runs the quick tests of a module on every
mutant of it, each in a process of its own, and lists those that no test notices. Beside what
`tests.symbolic.certificates.mutants` changes, lines of the rule are left out and its comparisons
turned, and last terms of sums dropped.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

import sgdmem
from tests import draws  # noqa: F401 - imported once, for all
from tests.symbolic.certificates import mutants as checker

ROOT = Path(__file__).parents[3]
SECONDS = 40  # of a mutant; one that takes longer is noticed
TESTS: dict[str, tuple[str, ...]] = {
    "judges.stability_rule": ("judges/test_stability_rule.py",),
    "arithmetic.ball": ("arithmetic/test_ball.py",),
    "judges.exact_list": ("judges/test_exact_list.py",),
    "judges.coupled_side": ("judges/test_exact_list.py",),
    "arithmetic.perron": ("arithmetic/test_perron.py",),
    "arithmetic.definiteness": ("arithmetic/test_perron.py",),
    "noise_sums.mode_summands": ("noise_sums/test_mode_summands.py",),
    "noise_sums.listed_noise_sum": ("noise_sums/test_mode_summands.py",),
    "noise_sums.noise_operator": ("judges/test_joint_judge.py",),
    "judges.joint_judge": ("judges/test_joint_judge.py",),
    "noise_sums.noise_sum": ("noise_sums/test_long_noise_sums.py",),
    "spectra.quadrature": ("spectra/test_quadrature.py",),
    "spectra.power_law_quadrature": (
        "spectra/test_quadrature.py",
        "noise_sums/test_power_law_sums.py",
    ),
}
PACKAGE = "sgdmem.numeric"
RELOADED = (PACKAGE, "sgdmem.phase_diagrams", "sgdmem.methods", "tests.numeric", "tests.asking")
ROOM = "only the room of a bound"
EDGE = "no bound is exactly 0: it is the next number after a sum"
LATER = "when an iteration stops, or how many are taken at once"
AGAIN = "exact minors tell the same, later"
_SHIFT = "shift = slack + 2 * (size + 3) * UNIT * float(np.abs(np.diag(S)).sum()) + 1e-300"
_SIGNS = "positive, negative = damping.lower > 0, damping.upper <= 0"
_TOGETHER = "together = max(1, _BLOCK // max(1, weights.size))"
_WANTED = "wanted = (schur == 1) & (low < 1) & (cautious.damped == 1)"
_ENCLOSE = (
    "def enclose(self, form: ModeForm, sums: NoiseSums, wanted: Array, "
    "sharp: bool = True) -> Bounds:"
)
_ENDS = "return sign, (low, min(high, 1.0)) if sign < 0 else (max(low, 1.0), high)"
EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("ball", "return Ball(mid, np.where((room > 0) & np.isfinite(room), rad, np.inf))",
     "room > 0 with GtE"): "over a room of 0 the radius is infinite by itself",
    ("ball", "rounding = 2 * depth * UNIT * (np.abs(mid).sum(axis=-1) + rad)", "2 plus 1"): ROOM,
    ("definiteness", _SHIFT, "2 plus 1"): ROOM,
    ("definiteness", _SHIFT, "size + 3 without its last term"): ROOM,
    ("noise_sum", "return float(part.rad[0]) <= _GOAL * abs(mid) or not np.isfinite(mid)",
     "_GOAL * abs(mid) with FloorDiv"): LATER,
    ("noise_sum", "output_noise=rest.output_noise + Ball(0.0, output_error),",
     "rest.output_noise + Ball(0.0, output_error) with Sub"): "its middle is 0",
    ("noise_sum", "noise=rest.noise + Ball(0.0, error),", "rest.noise + Ball(0.0, error) with Sub"):
        "its middle is 0",
    ("perron", "ratio = image / x", "image / x with Mult"): LATER,
    ("perron", "if ratio.max() - ratio.min() <= goal * ratio.max():",
     "ratio.max() - ratio.min() <= goal * ratio.max() with Lt"): LATER,
    ("perron", "if not 0 < largest < np.inf:", "0 < largest < np.inf with LtE"):
        "zeros and infinite entries come out alike in the iteration",
    ("mode_summands", "certain = np.where((lower > 0).all(axis=0), 1, 0)",
     "lower > 0 with GtE"): EDGE,
    ("mode_summands", "return np.where((upper < 0).any(axis=0), -1, certain).astype(np.int8)",
     "upper < 0 with LtE"): EDGE,
    ("listed_noise_sum", _SIGNS, "damping.lower > 0 with GtE"): EDGE,
    ("listed_noise_sum", _SIGNS, "damping.upper <= 0 with Lt"): EDGE,
    ("listed_noise_sum", _TOGETHER, "1 plus 1"): LATER,
    ("listed_noise_sum", _TOGETHER, "max turned"): LATER,
    ("listed_noise_sum", _TOGETHER, "_BLOCK // max(1, weights.size) with Mult"): LATER,
    ("listed_noise_sum", "_BLOCK = 2**16", "2 plus 1"): LATER,
    ("joint_judge", _WANTED, "low < 1 with LtE"): "the rule looks at that bound first",
    ("joint_judge", _WANTED, "1 plus 1"): "the rule looks at that bound first",
    ("noise_operator", _ENCLOSE, "True turned"): "sums and matrices are always sharp",
    ("coupled_side", "for size in range(start + 1, len(less) + 1):", "start + 1 with Sub"): AGAIN,
    ("coupled_side", "for size in range(start + 1, len(less) + 1):",
     "start + 1 without its last term"): AGAIN,
    ("coupled_side", "for i in range(k + 1, len(rows)):", "k + 1 with Sub"):
        "rows above are not looked at again",
    ("coupled_side", "for i in range(k + 1, len(rows)):", "k + 1 without its last term"):
        "rows above are not looked at again",
    ("coupled_side", "if last < 0:", "last < 0 with Gt"): AGAIN,
    ("coupled_side", "if not top[k] > 0:", "0 plus 1"): AGAIN,
    ("coupled_side", _ENDS, "sign < 0 with LtE"): "it is -1 or 1",
    ("coupled_side", _ENDS, "0 plus 1"): "it is -1 or 1",
    ("exact_list", "reason = Reason.STABLE if total < 1 else Reason.NOISE_SUM",
     "total < 1 with LtE"): "a ball that is away from 1 is on one side of it",
    ("exact_list", "reason = Reason.STABLE if whole < 1 else Reason.NOISE_SUM",
     "whole < 1 with LtE"): "it is not 1",
    ("exact_list", "bits *= 2", "2 plus 1"): LATER,
}  # fmt: skip
SIGNS = {"<": ">=", ">=": "<", "==": "<"}


def changed(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """Yield what is changed, and the module."""
    for what, place, change in checker.mutants(tree):
        yield what, checker.changed(tree, place, change)
    for place, node in enumerate(ast.walk(tree)):
        for what, own in _own_changes(node):
            copied = copy.deepcopy(tree)
            own(list(ast.walk(copied))[place])
            yield f"{getattr(node, 'lineno', '?')}: {what}", ast.fix_missing_locations(copied)


def _own_changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], None]]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        if not (isinstance(node.right, ast.Constant) and node.right.value == 0):
            yield (
                f"{ast.unparse(node)} without its last term",
                lambda x: setattr(x, "right", ast.Constant(0)),
            )
    elif isinstance(node, ast.Constant) and node.value in SIGNS:
        yield f"{node.value} turned", lambda x: setattr(x, "value", SIGNS[x.value])
    elif isinstance(node, ast.Tuple) and any(isinstance(x, ast.Tuple) for x in node.elts):
        for k, line in enumerate(node.elts):
            yield f"no {ast.unparse(line)}", lambda x, k=k: x.elts.pop(k)  # type: ignore[misc]


def is_noticed(module: str, tree: ast.Module | None) -> bool:
    """Run the tests in a process of its own; return whether some fail."""
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w", encoding="utf-8") as none:
            os.dup2(none.fileno(), 1)
            os.dup2(none.fileno(), 2)
        signal.alarm(SECONDS)
        for name in [name for name in sys.modules if name.startswith(RELOADED)]:
            del sys.modules[name]
        for name, kept in list(vars(sgdmem).items()):
            if getattr(kept, "__module__", "").startswith(RELOADED):
                delattr(sgdmem, name)
        if tree is not None:
            sys.meta_path.insert(0, checker.Loader(f"{PACKAGE}.{module}", tree))
        tests = [f"tests/numeric/{name}" for name in TESTS[module]]
        code = 1
        with contextlib.suppress(BaseException):
            code = pytest.main(["-xq", "-p", "no:cacheprovider", "--assert=plain", "--tb=no",
                                "-m", "not slow and not exhaustive", *tests])  # fmt: skip
        os._exit(int(code != 0))
    return os.waitpid(child, 0)[1] != 0


def _place(what: str, lines: list[str]) -> tuple[str, str]:
    """Return the text of the line that is changed, and how."""
    line, change = what.split(": ", 1)
    return (lines[int(line) - 1].split("  #")[0].strip() if line.isdigit() else "", change)


def main() -> None:
    """Run all mutants of some modules and list those that live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", default="", help="the end of its name")
    parser.add_argument("--count", type=int, default=1000, help="of a module")
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    from sgdmem import Problem, Spectrum, sgd, stability

    stability(sgd(1), Problem(Spectrum.power_law(2)), 2)  # imports what is slow, once
    hypothesis.settings.register_profile(
        "mutants", deadline=None, max_examples=30, phases=[hypothesis.Phase.generate]
    )
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    for module in [name for name in TESTS if name.endswith(asked.module)]:
        if is_noticed(module, None):
            raise SystemExit("the tests fail without any mutant")
        path = ROOT.joinpath("numeric", *module.split(".")).with_suffix(".py")
        source = path.read_text(encoding="utf-8")
        lines, short = source.splitlines(), module.split(".")[-1]
        every = [
            (what, tree)
            for what, tree in changed(ast.parse(source))
            if (short, *_place(what, lines)) not in EQUIVALENT
        ]
        chosen = random.Random(0).sample(every, min(asked.count, len(every)))
        alive = []
        for what, tree in chosen:
            if not is_noticed(module, tree):
                alive.append(what)
                sys.stdout.write(f"{short}.py:{what}\n")
                sys.stdout.flush()
        noticed = len(chosen) - len(alive)
        sys.stdout.write(f"{noticed} of {len(chosen)} mutants of {module} are noticed\n")


if __name__ == "__main__":
    main()
