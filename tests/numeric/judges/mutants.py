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
    "noise_sums.noise_sum": ("noise_sums/test_power_law_sums.py",),
    "spectra.quadrature": ("spectra/test_quadrature.py",),
    "spectra.power_law_quadrature": (
        "spectra/test_quadrature.py",
        "noise_sums/test_power_law_sums.py",
    ),
}
PACKAGE = "sgdmem.numeric"
RELOADED = (PACKAGE, "sgdmem.phase_diagrams", "sgdmem.methods", "tests.numeric", "tests.asking")
ROOM = "only the room of a bound"
EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("ball", "return Ball(mid, np.where((room > 0) & np.isfinite(room), rad, np.inf))",
     "room > 0 with GtE"): "over a room of 0 the radius is infinite by itself",
    ("ball", "rounding = 2 * depth * UNIT * (np.abs(mid).sum(axis=-1) + rad)", "2 plus 1"): ROOM,
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
    return (lines[int(line) - 1].strip() if line.isdigit() else "", change)


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
