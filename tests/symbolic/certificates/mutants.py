"""Mutants of the checker of proofs: each changes an operator, a number or a condition of its code.

``python -m tests.symbolic.certificates.mutants [--count 200] [--seed 0]`` runs the quick tests on a
sample of all mutants but those known to change no result (``EQUIVALENT``), each in a copy of one
process, and lists those that no test notices. Numbers that only say how large or how precise
something may be are left alone.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import doctest
import importlib.abc
import importlib.util
import os
import random
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import hypothesis
import pytest

import sgdmem

ROOT = Path(__file__).parents[3]
PACKAGE = "sgdmem.symbolic.certificates"
RELOADED = (PACKAGE, "sgdmem.numeric.certificates", "sgdmem.proofs",
            "tests.symbolic.certificates.test_", "tests.numeric.certificates")  # fmt: skip
OWN = {
    "power_laws": "tests/symbolic/certificates/test_laws_of_proofs.py",
    "power_sums": "tests/symbolic/certificates/test_bounds_of_powers.py",
}  # what notices most is run first
PARTS = "tests/symbolic/certificates/test_parts_of_the_checker.py"
TESTS = (
    "tests/numeric/certificates/test_conditions_of_proofs.py",
    "tests/numeric/certificates/test_false_claims.py",
    "tests/numeric/certificates/test_forged_proofs.py",
    "tests/numeric/certificates/test_certify.py",
    "tests/numeric/certificates/test_periods_on_data.py",
    "tests/numeric/certificates/test_boundary_questions.py",
    "tests/symbolic/certificates/test_keys_of_proofs.py",
)
MODULES = ("coupled", "fields", "law_modes", "listed_modes", "modes", "noise_sums", "periods",
           "positivity", "power_laws", "power_sums", "sampled_periods", "sampled_steps",
           "samples", "used_keys")  # fmt: skip
SWAPPED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
LIMITS = ("_MOST", "_LARGEST", "_DEEPEST", "LARGEST", "_HUGE")  # reached or not, is left alone
ROOM = "only the room of a bound, or the bits within"
EQUIVALENT = {
    ("listed_modes", "return [self.fed(0, values)] * len(values)", "0 plus 1"):
        "where T is one number all its lines are the same",
    ("listed_modes",
     "return sum((t * count * x for t, count, x in parts if t and x), Fraction(0))",
     "t and x with Or"): "more terms are 0",
    ("modes", "zero = [Fraction(0)] * len(S)", "0 plus 1"): "Q is not looked at",
    ("modes", "return square_integral([x / A[0] for x in A], [Fraction(0)] * len(A)) is not None",
     "x / A[0] with Mult"): "the first is positive, as its square",
    ("power_sums", "if last is not None and last - first < _few(exponent, bits):",
     "last - first < _few(exponent, bits) with LtE"): "both ways of summing are right",
    ("positivity",
     "if any(coefficients[0] <= 0 or coefficients[-1] <= 0 for coefficients in pending):",
     "coefficients[0] <= 0 with Lt"): "halves begin with the same 0, to the last",
    ("positivity",
     "if any(coefficients[0] <= 0 or coefficients[-1] <= 0 for coefficients in pending):",
     "coefficients[-1] <= 0 with Lt"): "halves end with the same 0, to the last",
    ("positivity",
     "undecided = [coefficients for coefficients in pending if min(coefficients) < 0]",
     "min(coefficients) < 0 with LtE"): "halves of what has none below 0 have none, by means",
    ("periods", "yield -1", "1 plus 1"): "only the sign is looked at",
    ("law_modes", "size = 2 * degree", "2 plus 1"):
        "2 degree points tell any two quotients apart, and more do not refuse the right one",
    ("law_modes", "total = total * at + coefficient", "total * at + coefficient with Sub"):
        "both sides that are compared are negated",
    ("used_keys",
     "if isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):",
     "any turned"): "a list of records and of something else is refused",
}  # fmt: skip
Change: TypeAlias = Callable[[Any], None]
RENAMED = {"min": "max", "max": "min", "all": "any", "any": "all"}
SECONDS, MOST_BYTES = 20, 2**33  # of a mutant, more than its tests take; beyond it is noticed


def mutants(tree: ast.Module) -> Iterator[tuple[str, int, Change]]:
    """Yield what is changed, which node of the module, and how."""
    for place, node in enumerate(_nodes(tree)):
        for what, change in _changes(node):
            yield f"{getattr(node, 'lineno', '?')}: {what}", place, change


def changed(tree: ast.Module, place: int, change: Change) -> ast.Module:
    """Return a module in which a node is changed."""
    copied = copy.deepcopy(tree)
    change(_nodes(copied)[place])
    return ast.fix_missing_locations(copied)


def _nodes(tree: ast.AST) -> list[Any]:
    """Return all nodes but texts and what they show."""
    found = [tree]
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith(LIMITS):
            continue
        text = isinstance(node, ast.Constant) and not isinstance(node.value, int)
        guard = isinstance(node, ast.keyword) and node.arg in ("strict", "frozen")
        if not (text or guard or isinstance(node, ast.JoinedStr)):
            found += _nodes(node)
    return found


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.Compare):
        for k, operator in enumerate(node.ops):
            limit = ast.unparse(node.comparators[k]).startswith(LIMITS)
            for other in SWAPPED[type(operator)][limit:]:
                yield f"{ast.unparse(node)} with {other.__name__}", partial(_compared, k, other)
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPPED:
        for other in SWAPPED[type(node.op)]:
            yield f"{ast.unparse(node)} with {other.__name__}", partial(_operated, other)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield f"{node.value} turned", lambda x: setattr(x, "value", not x.value)
    elif isinstance(node, ast.Constant) and node.value in (0, 1, 2):
        yield f"{node.value} plus 1", lambda x: setattr(x, "value", x.value + 1)
    elif isinstance(node, ast.Name) and node.id in RENAMED:
        yield f"{node.id} turned", lambda x: setattr(x, "id", RENAMED[x.id])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield f"{ast.unparse(node)} without -", lambda x: setattr(x, "op", ast.UAdd())
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        yield (
            f"not {ast.unparse(node.test)}",
            lambda x: setattr(x, "test", ast.UnaryOp(ast.Not(), x.test)),
        )
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield f"no {ast.unparse(node)}"[:90], lambda x: setattr(x, "value", ast.Constant(None))
    elif isinstance(node, ast.Break | ast.Continue):
        yield "no break", lambda x: setattr(x, "__class__", ast.Pass)


def _compared(place: int, operator: type[Any], node: Any) -> None:
    node.ops[place] = operator()


def _operated(operator: type[Any], node: Any) -> None:
    node.op = operator()


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from another tree."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name, self.tree = name, tree

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def exec_module(self, module: Any) -> None:
        exec(compile(self.tree, self.name, "exec"), module.__dict__)


def start(module: str, tree: ast.Module | None) -> int:
    """Run the tests of a mutant in a process of its own, a copy of this one; return its number."""
    child = os.fork()
    if child:
        return child
    with open(os.devnull, "w", encoding="utf-8") as none:
        os.dup2(none.fileno(), 1)
        os.dup2(none.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    code = 1
    with contextlib.suppress(BaseException):
        code = _run(module, tree)
    os._exit(int(code != 0))


def _run(module: str, tree: ast.Module | None) -> int:
    """Return 0 if no test notices."""
    for name in [name for name in sys.modules if name.startswith(RELOADED)]:
        del sys.modules[name]
    for name, kept in list(vars(sgdmem).items()):
        if getattr(kept, "__module__", "").startswith(RELOADED):
            delattr(sgdmem, name)
    if tree is not None:
        sys.meta_path.insert(0, Loader(f"{PACKAGE}.{module}", tree))
    told = [importlib.import_module(f"{PACKAGE}.{name}") for name in MODULES]
    if any(doctest.testmod(every).failed for every in told):
        return 1
    tests = dict.fromkeys((OWN.get(module, PARTS), *TESTS, PARTS, *OWN.values()))
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:unraisableexception",
                            "--assert=plain", "--tb=no", "-m", "not slow and not exhaustive",
                            *tests]))  # fmt: skip


def noticed(trees: Sequence[tuple[str, ast.Module]], jobs: int) -> Iterator[tuple[int, bool]]:
    """Yield which mutant has run and whether some test fails, a few at a time."""
    running: dict[int, int] = {}
    for k in range(len(trees) + jobs):
        if running and (k >= len(trees) or len(running) == jobs):
            child, status = os.wait()
            yield running.pop(child), status != 0
        if k < len(trees):
            running[start(*trees[k])] = k


def main() -> None:
    """Run a sample of mutants and list those that live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--module", choices=MODULES)
    parser.add_argument("--line", type=int, help="only those of a line")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    hypothesis.settings.register_profile(
        "mutants", deadline=None, derandomize=True, database=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )  # fmt: skip
    if _run("fields", None):  # here, so that mutants find all imported that is slow to import
        raise SystemExit("the tests fail without any mutant")
    every: list[tuple[str, str, int, Change]] = []
    sources = {}
    for module in [asked.module] if asked.module else MODULES:
        source = (ROOT / "symbolic" / "certificates" / f"{module}.py").read_text(encoding="utf-8")
        sources[module] = ast.parse(source)
        lines = source.splitlines()
        for mutant in mutants(sources[module]):
            line, what = mutant[0].split(": ", 1)
            text = lines[int(line) - 1].strip() if line.isdigit() else ""
            if (module, text, what) not in EQUIVALENT:
                every.append((module, *mutant))
    if asked.line:
        every = [mutant for mutant in every if mutant[1].startswith(f"{asked.line}:")]
    chosen = random.Random(asked.seed).sample(every, min(asked.count, len(every)))
    trees = [(name, changed(sources[name], place, change)) for name, _, place, change in chosen]
    alive = 0
    for k, (which, seen) in enumerate(noticed(trees, asked.jobs), 1):
        module, what = chosen[which][:2]
        if not seen:
            alive += 1
            _say(f"{module}.py:{what}")
        if k % 20 == 0:
            _say(f"{k} of {len(chosen)} mutants, {alive} live")
    _say(f"{len(chosen) - alive} of {len(chosen)} mutants of {len(every)} are noticed")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
