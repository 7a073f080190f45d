"""Mutants of the checker of proofs: each changes an operator, a number or a condition of its code.

``python -m tests.symbolic.certificates.mutants [--count 200] [--seed 0]`` runs the quick tests on a
sample of all mutants, each in a process of its own, and lists those that no test notices. Numbers
that only say how large or how precise something may be are left alone.
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
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = "sgdmem.symbolic.certificates"
RELOADED = (PACKAGE, "sgdmem.numeric.certificates", "sgdmem.proofs")
TESTS = (
    "tests/symbolic/certificates/test_parts_of_the_checker.py",
    "tests/numeric/certificates/test_conditions_of_proofs.py",
    "tests/numeric/certificates/test_false_claims.py",
    "tests/numeric/certificates/test_forged_proofs.py",
    "tests/numeric/certificates/test_certify.py",
    "tests/numeric/certificates/test_boundary_questions.py",
)
MODULES = ("fields", "modes", "noise_sums", "periods", "positivity", "power_laws", "power_sums",
           "samples")  # fmt: skip
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
Change: TypeAlias = Callable[[Any], None]
RENAMED = {"min": "max", "max": "min", "all": "any", "any": "all"}
SECONDS = 90  # of a mutant; one that takes longer is noticed


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
        text = isinstance(node, ast.Constant) and not isinstance(node.value, int)
        strict = isinstance(node, ast.keyword) and node.arg == "strict"
        if not (text or strict or isinstance(node, ast.JoinedStr)):
            found += _nodes(node)
    return found


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.Compare):
        for k, operator in enumerate(node.ops):
            for other in SWAPPED[type(operator)]:
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


def is_noticed(module: str, tree: ast.Module | None, seconds: int = SECONDS) -> bool:
    """Run the tests in a process of its own; return whether some fail."""
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w", encoding="utf-8") as none:
            os.dup2(none.fileno(), 1)
            os.dup2(none.fileno(), 2)
        signal.alarm(seconds)
        for name in [name for name in sys.modules if name.startswith(RELOADED)]:
            del sys.modules[name]
        if tree is not None:
            sys.meta_path.insert(0, Loader(f"{PACKAGE}.{module}", tree))
        code = 1
        with contextlib.suppress(BaseException):
            told = [importlib.import_module(f"{PACKAGE}.{name}") for name in MODULES]
            if any(doctest.testmod(every).failed for every in told):
                os._exit(1)
            own = module in ("modes", "positivity", "power_sums")
            tests = TESTS if own else (*TESTS[1:], TESTS[0])
            code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "-m",
                                "not slow and not exhaustive", *tests])  # fmt: skip
        os._exit(int(code != 0))
    return os.waitpid(child, 0)[1] != 0


def main() -> None:
    """Run a sample of mutants and list those that live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--module", choices=MODULES)
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    from sgdmem import Problem, Spectrum, sgd, stability

    stability(sgd(1), Problem(Spectrum.power_law(2)), 2)  # imports what is slow, once
    if is_noticed("fields", None):
        raise SystemExit("the tests fail without any mutant")
    every, trees = [], {}
    for module in [asked.module] if asked.module else MODULES:
        source = (ROOT / "symbolic" / "certificates" / f"{module}.py").read_text(encoding="utf-8")
        trees[module] = ast.parse(source)
        every += [(module, *mutant) for mutant in mutants(trees[module])]
    chosen = random.Random(asked.seed).sample(every, min(asked.count, len(every)))
    alive = 0
    for k, (module, what, place, change) in enumerate(chosen, 1):
        if not is_noticed(module, changed(trees[module], place, change)):
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
