"""Expressions of kernels, and the variables in them."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from sgdmem.numeric.compilation.kernel_arrays import Array, ArrayLines, Lanes
from sgdmem.numeric.compilation.llvm_lines import (
    FLAG,
    FLOAT,
    INTEGER,
    Value,
    constant,
    kind_of,
    typed,
)


class ExpressionLines(ArrayLines):
    """Lines that compute expressions.

    Parameters
    ----------
    contract : bool
        See `sgdmem.numeric.compilation.kernel_words.machine_code`.
    constants : mapping from str to float
        What the module knows by name.
    """

    def __init__(self, contract: bool, constants: Mapping[str, float]) -> None:
        super().__init__(contract)
        self._constants = constants
        self._variables: dict[str, Value] = {}  # their places

    # Variables ---------------------------------------------------------------------------------

    def _set(self, name: str, value: Value) -> None:
        lanes = self._lanes
        if name in self._arrays or (lanes is not None and name == lanes.index):
            raise TypeError(f"{name} is given twice")
        if lanes is not None and name not in lanes.gathered:
            lanes.known[name] = value
            return
        if lanes is not None and name in lanes.sums:
            self._set_sum(lanes, name, value)
            return
        if lanes is not None and value.lanes:
            if lanes.left is not None:  # those that are left over count for nothing
                inside = self._inside(lanes, lanes.left)
                value = self.calculated(ast.BitAnd(), value, inside)
            value = self.any_lane(value)
        if name not in self._variables:
            place = self._variables[name] = Value(value.kind, self.name("%place"))
            self.entry.append(f"  {place.text} = alloca {value.kind}")
        place = self._variables[name]
        value = self.as_float(value) if place.kind == FLOAT else value
        if place.kind != value.kind:
            raise TypeError(f"{name} is {place.kind} and {value.kind}")
        self.lines.append(f"  store {typed(value)}, ptr {place.text}")

    def _inside(self, lanes: Lanes, left: Value) -> Value:
        numbers = ", ".join(f"i64 {k}" for k in range(lanes.width))
        return self.compared(ast.Lt(), Value(INTEGER, f"<{numbers}>", lanes.width), left)

    def _set_sum(self, lanes: Lanes, name: str, value: Value) -> None:
        value = self.widened(self.as_float(value), lanes.width)
        if lanes.left is not None:
            value = self.chosen(self._inside(lanes, lanes.left), value, self._get(name))
        self.lines.append(f"  store {typed(value)}, ptr {lanes.sums[name]}")

    def _get(self, name: str) -> Value:
        lanes = self._lanes
        if lanes is not None and name == lanes.index:
            raise TypeError(f"{name} is no number in lanes, only the end of an index")
        if lanes is not None and name in lanes.known:
            return lanes.known[name]
        if lanes is not None and name in lanes.sums:
            found = self.add(f"load {kind_of(FLOAT, lanes.width)}, ptr {lanes.sums[name]}")
            return Value(FLOAT, found, lanes.width)
        if name not in self._variables:
            return constant(self._constants[name])
        place = self._variables[name]
        return Value(place.kind, self.add(f"load {place.kind}, ptr {place.text}"))

    def _name_array(self, name: str, array: Array) -> None:
        if name in self._arrays or name in self._variables or self._lanes is not None:
            raise TypeError(f"{name} is given twice")
        self._arrays[name] = array

    # Expressions -------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool() | int() | float() as number):
                return constant(number)
            case ast.Name(id=name):
                return self._get(name)
            case ast.BinOp(left=left, op=operator, right=right):
                return self.calculated(operator, self._value(left), self._value(right))
            case ast.BoolOp(op=operator, values=[first, *others]):
                found = self._flag(first)
                for other in others:
                    found = self.calculated(operator, found, self._flag(other))
                return found
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return self.compared(operator, self._value(left), self._value(right))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return constant(-number)
            case ast.UnaryOp(op=ast.Not() as operator, operand=operand):
                return self.negated(operator, self._flag(operand))
            case ast.UnaryOp(op=ast.USub() as operator, operand=operand):
                return self.negated(operator, self._value(operand))
            case ast.IfExp(test=test, body=yes, orelse=no):
                return self.chosen(self._flag(test), self._value(yes), self._value(no))
            case ast.Call(func=ast.Name(id=name), args=given, keywords=[]):
                return self.called(name, [self._value(x) for x in given])
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=name), attr="shape"),
                slice=ast.Constant(value=int() as axis),
            ):
                return self._arrays[name].sizes[axis]
            case ast.Attribute(value=ast.Name(id=name), attr="size"):
                return self._product(self._arrays[name].sizes)
            case ast.Subscript():
                return self._load(node)
        raise TypeError(f"no expression of kernels: {ast.unparse(node)}")

    def _flag(self, node: ast.expr) -> Value:
        value = self._value(node)
        return value if value.kind == FLAG else self.compared(ast.NotEq(), value, constant(0))
