"""Names of a kernel: what is read has a value on every way there, the same as in plain Python."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from sgdmem.numeric.compilation.lane_loops import gathered_names, names_given

_Names = frozenset[str]


def check_names(kernel: ast.FunctionDef, constants: Iterable[str]) -> None:
    """Raise TypeError if a name may be read that has no value, or not the one of plain Python.

    What a loop over lanes assigns is gone after it, and none of its turns reads what another one
    has assigned.
    """
    local = names_given(kernel.body)
    every = local.union(constants, (x.arg for x in kernel.args.args))
    _Ways(every).after(kernel.body, every - local | {x.arg for x in kernel.args.args})


class _Ways:
    """Follows all ways through statements, with the names that surely have a value."""

    def __init__(self, every: _Names) -> None:
        self._every = every  # what is known where nothing comes
        self._exits: list[_Names] = []

    def after(self, statements: list[ast.stmt], known: _Names) -> _Names:
        """Return what is known after statements."""
        for statement in statements:
            match statement:
                case ast.If(test=test, body=body, orelse=orelse):
                    self._read(test, known)
                    known = self.after(body, known) & self.after(orelse, known)
                case ast.For(iter=ast.Call(func=ast.Name(id="lanes"))):
                    known = self._after_lanes(statement, known)
                case ast.For():
                    known = self._after_loop(statement, known)
                case ast.Break():
                    self._exits[-1:] = [known.intersection(*self._exits[-1:])]
                    known = self._every
                case ast.AugAssign(target=ast.Name(id=name), value=value):
                    self._read(ast.Tuple([ast.Name(name, ast.Load()), value], ast.Load()), known)
                    known |= {name}
                case _:
                    self._read(statement, known)
                    known |= names_given([statement])
        return known

    def _after_loop(self, loop: ast.For, known: _Names) -> _Names:
        self._read(loop.iter, known)
        target = names_given([loop.target])
        while True:  # a turn may take away what the next one reads
            self._exits.append(self._every)
            again = known & self.after(loop.body, known | target)
            left = self._exits.pop()
            if again == known:
                return known & left
            known = again

    def _after_lanes(self, loop: ast.For, known: _Names) -> _Names:
        self._read(loop.iter, known)
        known -= names_given([loop]) - gathered_names(loop.body)
        self.after(loop.body, known | names_given([loop.target]))
        return known

    def _read(self, node: ast.AST, known: _Names) -> None:
        called, read = set(), []
        for x in ast.walk(node):
            if isinstance(x, ast.Name):
                read.append(x)
            elif isinstance(x, ast.Call):
                called.add(id(x.func))
        for x in read:
            if x.id not in known and isinstance(x.ctx, ast.Load) and id(x) not in called:
                raise TypeError(f"{x.id} may have no value here: {ast.unparse(node)[:80]}")
