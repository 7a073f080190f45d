"""LLVM's code of a kernel, from its syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from sgdmem.numeric.compilation.kernel_arrays import ALIGNED, Array, Lanes
from sgdmem.numeric.compilation.kernel_expressions import ExpressionLines
from sgdmem.numeric.compilation.lane_loops import (
    NARROW,
    WIDE,
    entries,
    flat_rows,
    gathered_names,
    is_whole,
    read_names,
    used_rows,
)
from sgdmem.numeric.compilation.llvm_lines import (
    BYTE,
    FLAG,
    FLOAT,
    INTEGER,
    POINTER,
    Value,
    constant,
    kind_of,
    typed,
)

_ENTRIES = {"f8": FLOAT, "i8": INTEGER, "i1": BYTE}
_TYPE = re.compile(r"(f8|i8|i1|b1)(\[(?::,)*::1\])?(?:,\s*|$)")
_LONG = 225  # statements


def types_of(signature: str) -> list[tuple[str, int]]:
    """Return the type of each argument, of an array's entries, and the dimension or 0.

    Examples
    --------
    >>> types_of("f8[:,::1], i8, i1[::1]")
    [('f8', 2), ('i8', 0), ('i1', 1)]
    """
    if _TYPE.sub("", signature):
        raise TypeError(f"no types of kernels: {_TYPE.sub('', signature)}")
    return [(name, axes.count(",") + 1 if axes else 0) for name, axes in _TYPE.findall(signature)]


class KernelWriter(ExpressionLines):
    """Writes a kernel.

    Parameters
    ----------
    kernel : ast.FunctionDef
    signature : str
        See `sgdmem.numeric.compilation.kernel_words.machine_code`.
    contract : bool
        See there.
    constants : mapping from str to float
        What the module knows by name.
    calls : mapping from str to str
        The signatures of the names that call machine code by its address.
    kernels : mapping from str to str
        The signatures of the module's kernels.
    """

    def __init__(
        self,
        kernel: ast.FunctionDef,
        signature: str,
        contract: bool,
        constants: Mapping[str, float],
        calls: Mapping[str, str],
        kernels: Mapping[str, str],
    ) -> None:
        super().__init__(contract, constants)
        self._calls, self._kernels = calls, kernels
        self._exits: list[str] = []
        self._arguments: list[str] = []
        for argument, (kind, dimension) in zip(kernel.args.args, types_of(signature), strict=True):
            self._argument(argument.arg, kind, dimension)
        self._block(kernel.body)
        self._symbol = kernel.name

    @property
    def text(self) -> str:
        """The function."""
        head = f"define void @{self._symbol}({', '.join(self._arguments)}) nounwind {{\nentry:"
        body = [*self.entry, "  br label %begin.", "begin.:", *self.lines]
        return "\n".join([head, *body, "  ret void", "}\n"])

    def _argument(self, name: str, kind: str, dimension: int) -> None:
        place = self.name("%given")
        if dimension:
            sizes = [Value(INTEGER, f"{place}.n{k}") for k in range(dimension)]
            self._arguments += [f"{POINTER} noalias {place}", *map(typed, sizes)]
            self._arrays[name] = Array(_ENTRIES[kind], place, tuple(sizes), place)
        elif kind == "b1":
            self._arguments.append(f"i64 {place}")
            self._set(name, Value(FLAG, self.add(f"icmp ne i64 {place}, 0")))
        else:
            self._arguments.append(f"{_ENTRIES[kind]} {place}")
            self._set(name, Value(_ENTRIES[kind], place))

    # Statements --------------------------------------------------------------------------------

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            try:
                self._statement(statement)
            except (LookupError, ValueError, AssertionError) as error:
                text = ast.unparse(statement)[:80]
                raise TypeError(f"no statement of kernels: {text}") from error

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=given)):
                self._assign([*zip(targets, given, strict=True)])
            case ast.Assign(targets=[target], value=given):
                self._assign([(target, given)])
            case ast.AugAssign(target=ast.Name(id=name) as target, op=operator, value=given):
                read = ast.Name(name, ast.Load())
                self._assign([(target, ast.BinOp(read, operator, given))])
            case ast.If() if self._lanes is None:
                self._if(statement)
            case ast.For(target=ast.Name(id=name), orelse=[]) if self._lanes is None:
                self._for(name, statement.iter, statement.body)
            case ast.Break() if self._lanes is None:
                self.jump(self._exits[-1])
                self.begin(self.name("dead"))
            case ast.If() | ast.For() | ast.Break() if self._lanes is not None:
                raise TypeError("lanes take one way: no branches or loops")
            case ast.Expr(
                value=ast.Call(
                    func=ast.Name(id=name), args=[address, ast.Tuple(elts=given)], keywords=[]
                )
            ) if name in self._calls:
                place = self.add(f"inttoptr {typed(self._integer(address))} to ptr")
                self._call(place, given, self._calls[name])
            case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=given, keywords=[])):
                self._call(f"@{name}", given, self._kernels[name])
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring
            case _:
                raise TypeError(f"no statement of kernels: {ast.unparse(statement)[:80]}")

    def _assign(self, pairs: list[tuple[ast.expr, ast.expr]]) -> None:
        values = [self._array(given) or self._value(given) for _, given in pairs]
        for (target, _), value in zip(pairs, values, strict=True):
            match target, value:
                case ast.Subscript(), Value():
                    self._store(target, value)
                case ast.Name(id=name), Array():
                    self._name_array(name, value)
                case ast.Name(id=name), Value():
                    self._set(name, value)
                case _:
                    raise TypeError(f"kernels do not assign to {ast.unparse(target)}")

    def _if(self, statement: ast.If) -> None:
        yes, no, after = map(self.name, ("yes", "no", "after"))
        self.branch(self._flag(statement.test), yes, no)
        for label, body in ((yes, statement.body), (no, statement.orelse)):
            self.begin(label)
            self._block(body)
            self.jump(after)
        self.begin(after)

    def _for(self, name: str, turns: ast.expr, body: list[ast.stmt]) -> None:
        match turns:
            case ast.Call(func=ast.Name(id="lanes"), args=[*ends], keywords=[]) if len(ends) < 3:
                start, stop = self._ends(ends)
                self._lane_loop(name, body, start, stop, full=all(map(is_whole, ends)))
            case ast.Call(func=ast.Name(id="range"), args=[*ends], keywords=[]) if len(ends) < 3:
                self._loop(name, body, *self._ends(ends), 1)
            case ast.Call(func=ast.Name(id="range"), args=[first, last, by], keywords=[]):
                step = self._value(by)
                if step.kind != INTEGER or not step.is_constant or int(step.text) < 1:
                    raise TypeError(f"a step is a number above 0, not {ast.unparse(by)}")
                self._loop(name, body, *self._ends([first, last]), int(step.text))
            case _:
                raise TypeError(f"no loop of kernels: for {name} in {ast.unparse(turns)}")

    def _ends(self, ends: list[ast.expr]) -> tuple[Value, Value]:
        start, stop = [constant(0), *map(self._value, ends)][-2:]
        if {start.kind, stop.kind} != {INTEGER}:
            raise TypeError(f"loops count integers, not {start.kind} and {stop.kind}")
        return start, stop

    def _loop(self, name: str, body: list[ast.stmt], start: Value, stop: Value, step: int) -> None:
        hidden = self.name("")  # the kernel may change its own
        test, turn, after = map(self.name, ("test", "turn", "after"))
        self._set(hidden, start)
        self.jump(test)
        self.begin(test)
        count = self._get(hidden)
        self.branch(self.compared(ast.Lt(), count, stop), turn, after)
        self.begin(turn)
        self._set(name, count)
        self._exits.append(after)
        self._block(body)
        self._exits.pop()
        self._set(hidden, self.calculated(ast.Add(), count, constant(step)))
        self.jump(test)
        self.begin(after)

    def _call(self, place: str, given: list[ast.expr], signature: str) -> None:
        if self._lanes is not None:
            raise TypeError("no calls in lanes")
        parts: list[str] = []
        for entry, (kind, dimension) in zip(given, types_of(signature), strict=True):
            if not dimension:
                value = self._value(entry)
                value = self.as_float(value) if kind == "f8" else value
                if value.kind != (FLAG if kind == "b1" else _ENTRIES[kind]):
                    raise TypeError(f"{value.kind} for {kind}: {ast.unparse(entry)}")
                if kind == "b1":
                    value = Value(INTEGER, self.add(f"zext {typed(value)} to i64"))
                parts.append(typed(value))
                continue
            array = self._array(entry)
            if array is None or (array.entry, len(array.sizes)) != (_ENTRIES[kind], dimension):
                raise TypeError(f"no {dimension}-d array of {kind}: {ast.unparse(entry)}")
            parts += [f"{POINTER} {array.place}", *map(typed, array.sizes)]
        self.lines.append(f"  call void {place}({', '.join(parts)})")

    # Loops over lanes --------------------------------------------------------------------------

    def _lane_loop(
        self, index: str, body: list[ast.stmt], start: Value, stop: Value, full: bool
    ) -> None:
        """Write a loop over vectors; lanes that are left over work on copies."""
        full = full or (_is_full(start) and _is_full(stop))
        flat = {
            name
            for name, array in self._arrays.items()
            if array.on_stack or (full and len(array.sizes) == 1 and array.entry == FLOAT)
        }
        used = entries(body)
        rows = used_rows(body, used, index, flat)
        self._keep_apart(used, start)
        columns = {
            name: constant(0) if some.base is None else self._integer(some.base)
            for name, some in rows.items()
        }
        lanes = Lanes(index, gathered_names(body), WIDE if len(body) < _LONG else NARROW)
        for (name, text), base in flat_rows(body, used, index, flat).items():
            lanes.offsets[text] = self._offset(name, base)
        for name in sorted(read_names(body) & self._variables.keys() - lanes.gathered - {index}):
            lanes.known[name] = self.widened(self._get(name), lanes.width)
        for name in sorted(lanes.gathered):
            kind = self._variables[name].kind
            if kind not in (FLAG, FLOAT):
                raise TypeError(f"lanes gather flags and floats, not {name}")
            if kind == FLOAT:
                place, kind = self.name("%sum"), kind_of(FLOAT, lanes.width)
                lanes.sums[name] = place
                self.entry.append(f"  {place} = alloca {kind}, align {ALIGNED}")
                self.lines.append(f"  store {kind} zeroinitializer, ptr {place}")
        before, test, turn, work, after, end = map(
            self.name, ("before", "test", "turn", "work", "after", "end")
        )
        self.jump(before)
        self.begin(before)
        self.jump(test)
        self.begin(test)
        lanes.place, following = self.name("%place"), self.name("%next")
        ways = f"[{start.text}, %{before}], [{following}, %{after}]"
        self.lines.append(f"  {lanes.place} = phi i64 {ways}")
        left = self.calculated(ast.Sub(), stop, Value(INTEGER, lanes.place))
        self.branch(self.compared(ast.Gt(), left, constant(0)), turn, end)
        self.begin(turn)
        self._lanes = lanes
        lanes.left = None if full else left
        if rows and full:
            self._all_in_place(lanes, rows, columns)
        elif rows:
            self._copy_in(lanes, rows, columns, left, work)
        else:
            self.jump(work)
            self.begin(work)
        self._block(body)
        if not full and any(some.written for some in rows.values()):
            self._copy_out(lanes, rows, columns, left)
        self._lanes = None
        self.jump(after)
        self.begin(after)
        self.lines.append(f"  {following} = add i64 {lanes.place}, {lanes.width}")
        self.jump(test)
        self.begin(end)
        for name, place in lanes.sums.items():
            vector = self.add(f"load {kind_of(FLOAT, lanes.width)}, ptr {place}")
            total = self.summed(Value(FLOAT, vector, lanes.width))
            self._set(name, self.calculated(ast.Add(), self._get(name), total))

    def _keep_apart(self, used: list[tuple[str, ast.Subscript]], start: Value) -> None:
        """Refuse two names of what lanes write, and vectors that begin within rows of the stack."""
        roots = {name: self._arrays[name].root for name, _ in used}
        written = {roots[name] for name, node in used if isinstance(node.ctx, ast.Store)}
        for name in roots:
            if self._arrays[name].on_stack and not _is_full(start):
                raise TypeError(f"lanes of {name} begin at a multiple of {WIDE}")
        names = [name for name, root in roots.items() if root in written]
        if len(names) > len(written):
            raise TypeError(f"lanes write an array with several names: {', '.join(names)}")


def _is_full(end: Value) -> bool:
    """Whether no lane is left over up to here."""
    return end.is_constant and int(end.text) >= 0 and int(end.text) % WIDE == 0
