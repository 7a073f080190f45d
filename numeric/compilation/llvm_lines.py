"""LLVM's code of one function, written line by line; numbers may be vectors, one for each lane."""

from __future__ import annotations

import ast
import struct
from dataclasses import dataclass, replace

FLOAT, INTEGER, FLAG, BYTE, POINTER = "double", "i64", "i1", "i8", "ptr"
_OPERATIONS: dict[str, dict[type[ast.AST], str]] = {
    FLOAT: {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"},
    INTEGER: {
        ast.Add: "add",
        ast.Sub: "sub",
        ast.Mult: "mul",
        ast.FloorDiv: "sdiv",
        ast.Mod: "srem",
        ast.RShift: "ashr",
        ast.LShift: "shl",
        ast.BitAnd: "and",
        ast.BitOr: "or",
        ast.BitXor: "xor",
    },
    FLAG: {ast.BitAnd: "and", ast.BitOr: "or", ast.And: "and", ast.Or: "or"},
}
_COMPARISONS: dict[type[ast.AST], tuple[str, str]] = {  # with what is no number, as in Python
    ast.Lt: ("olt", "slt"),
    ast.LtE: ("ole", "sle"),
    ast.Gt: ("ogt", "sgt"),
    ast.GtE: ("oge", "sge"),
    ast.Eq: ("oeq", "eq"),
    ast.NotEq: ("une", "ne"),
}
_INTRINSICS = {
    "abs": ("fabs", 1),
    "copysign": ("copysign", 2),
    "sqrt": ("sqrt", 1),
    "fma": ("fma", 3),
}
_SAME_BITS = {"bits_of": (FLOAT, INTEGER), "float_of": (INTEGER, FLOAT)}


@dataclass(frozen=True)
class Value:
    """A number: its type, its name or itself; of how many lanes it is one each, 0 if it is one."""

    kind: str
    text: str
    lanes: int = 0

    @property
    def is_constant(self) -> bool:
        """Whether the text is the number itself."""
        return not self.text.startswith("%")


def kind_of(kind: str, lanes: int) -> str:
    """Return the name of a type, of one number or of lanes.

    Flags of lanes are as long as floats, all bits set or none: shorter ones take time to pack.
    """
    return f"<{lanes} x {INTEGER if kind == FLAG else kind}>" if lanes else kind


def typed(value: Value) -> str:
    """Return a number after its type."""
    return f"{kind_of(value.kind, value.lanes)} {value.text}"


def constant(value: float) -> Value:
    """Return a flag, an integer or a float, exactly."""
    if isinstance(value, bool):
        return Value(FLAG, str(value).lower())
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise TypeError(f"integers of kernels have 64 bits: {str(value)[:30]}")
        return Value(INTEGER, str(value))
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return Value(FLOAT, f"0x{bits:016X}")


class Lines:
    """Lines of a function; what a block has computed it does not compute again.

    Parameters
    ----------
    contract : bool
        Whether a product and a sum may be rounded once.
    """

    def __init__(self, contract: bool) -> None:
        self.entry: list[str] = []  # places on the stack
        self.lines: list[str] = []
        self._loose = " contract" if contract else ""
        self._known: dict[str, Value] = {}
        self._count = 0

    def name(self, stem: str) -> str:
        """Return a name that is not used elsewhere."""
        self._count += 1
        return f"{stem}.{self._count}"  # no name of Python has a dot

    def add(self, text: str) -> str:
        """Add a line that computes something, and return its name."""
        name = self.name("%")
        self.lines.append(f"  {name} = {text}")
        return name

    def once(self, kind: str, lanes: int, text: str) -> Value:
        """Compute what depends on nothing but the names in the text, unless the block has."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = Value(kind, self.add(text), lanes)
        return found

    # Blocks ------------------------------------------------------------------------------------

    def begin(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self._known = {}

    def jump(self, label: str) -> None:
        """Go on elsewhere."""
        self.lines.append(f"  br label %{label}")

    def branch(self, flag: Value, yes: str, no: str) -> None:
        """Go on at one of two places."""
        self.lines.append(f"  br i1 {flag.text}, label %{yes}, label %{no}")

    # Numbers -----------------------------------------------------------------------------------

    def widened(self, value: Value, lanes: int) -> Value:
        """Return a number for each lane."""
        if value.lanes:
            return value
        if value.kind == FLAG:
            mask = self.chosen(value, constant(-1), constant(0))
            return replace(self.widened(mask, lanes), kind=FLAG)
        kind = kind_of(value.kind, lanes)
        if value.is_constant:
            return Value(value.kind, f"splat ({typed(value)})", lanes)
        first = self.once(value.kind, lanes, f"insertelement {kind} poison, {typed(value)}, i32 0")
        zeros = f"<{lanes} x i32> zeroinitializer"
        text = f"shufflevector {kind} {first.text}, {kind} poison, {zeros}"
        return self.once(value.kind, lanes, text)

    def as_float(self, value: Value) -> Value:
        """Return an integer as a float."""
        if value.kind != INTEGER:
            return value
        if value.is_constant:
            return constant(float(int(value.text)))
        text = f"sitofp {typed(value)} to {kind_of(FLOAT, value.lanes)}"
        return self.once(FLOAT, value.lanes, text)

    def alike(self, *values: Value) -> tuple[Value, ...]:
        """Return numbers as floats if one is, and for each lane if one is."""
        if any(value.kind == FLOAT for value in values):
            values = tuple(map(self.as_float, values))
        lanes = max(value.lanes for value in values)
        if lanes:
            values = tuple(self.widened(value, lanes) for value in values)
        if len({value.kind for value in values}) > 1:
            raise TypeError(f"numbers of several kinds: {', '.join(map(typed, values))}")
        return values

    def calculated(self, operator: ast.AST, left: Value, right: Value) -> Value:
        """Return the result of an operation."""
        if isinstance(operator, ast.Div):
            left, right = self.as_float(left), self.as_float(right)
        if isinstance(operator, ast.RShift | ast.LShift) and right.text not in map(str, range(64)):
            raise TypeError(f"kernels shift by 0 to 63, written out, not by {right.text}")
        if isinstance(operator, ast.FloorDiv | ast.Mod) and right.text == "0":
            raise TypeError("a kernel divides by 0")
        left, right = self.alike(left, right)
        name = _OPERATIONS.get(left.kind, {}).get(type(operator))
        if name is None:
            raise TypeError(f"no operation of kernels: {type(operator).__name__} of {left.kind}")
        if name in ("sdiv", "srem"):
            return self._divided(name, left, right)
        if left.kind == FLOAT and name != "fdiv":
            name += self._loose
        return self._of_two(name, left.kind, left, right)

    def _divided(self, name: str, left: Value, right: Value) -> Value:
        """Return the quotient, rounded down as in Python, or the remainder."""
        zero = constant(0)
        rest = self._of_two("srem", INTEGER, left, right)
        apart = self.compared(ast.Lt(), self._of_two("xor", INTEGER, rest, right), zero)
        wrong = self.calculated(ast.And(), apart, self.compared(ast.NotEq(), rest, zero))
        if name == "srem":
            return self.chosen(wrong, self.calculated(ast.Add(), rest, right), rest)
        found = self._of_two("sdiv", INTEGER, left, right)
        return self.chosen(wrong, self.calculated(ast.Sub(), found, constant(1)), found)

    def compared(self, operator: ast.AST, left: Value, right: Value) -> Value:
        """Return whether a comparison holds."""
        left, right = self.alike(left, right)
        if type(operator) not in _COMPARISONS or (
            left.kind == FLAG and not isinstance(operator, ast.Eq | ast.NotEq)
        ):
            raise TypeError(f"no comparison of kernels: {type(operator).__name__} of {left.kind}")
        of_floats, of_integers = _COMPARISONS[type(operator)]
        name = f"fcmp {of_floats}" if left.kind == FLOAT else f"icmp {of_integers}"
        found = self._of_two(name, FLAG, left, right)
        return self._as_mask(found) if left.lanes else found

    def _as_mask(self, bits: Value) -> Value:
        text = f"sext <{bits.lanes} x i1> {bits.text} to {kind_of(FLAG, bits.lanes)}"
        return self.once(FLAG, bits.lanes, text)

    def _of_two(self, name: str, kind: str, left: Value, right: Value) -> Value:
        return self.once(kind, left.lanes, f"{name} {typed(left)}, {right.text}")

    def negated(self, operator: ast.AST, value: Value) -> Value:
        """Return a number with the other sign, or a flag turned round."""
        if isinstance(operator, ast.Not):
            return self._of_two("xor", FLAG, *self.alike(value, constant(True)))
        if value.kind == FLOAT:
            return self.once(FLOAT, value.lanes, f"fneg {typed(value)}")
        return self._of_two("sub", INTEGER, *self.alike(constant(0), value))

    def chosen(self, test: Value, yes: Value, no: Value) -> Value:
        """Return one of two numbers."""
        yes, no = self.alike(yes, no)
        if test.lanes:
            yes, no = self.widened(yes, test.lanes), self.widened(no, test.lanes)
        tested = typed(test)
        if test.lanes:
            bits = self.once(FLAG, test.lanes, f"icmp slt {tested}, zeroinitializer")
            tested = f"<{test.lanes} x i1> {bits.text}"
        text = f"select {tested}, {typed(yes)}, {typed(no)}"
        return self.once(yes.kind, yes.lanes, text)

    def called(self, name: str, given: list[Value]) -> Value:
        """Return what a function of kernels returns."""
        if name in _SAME_BITS and [value.kind for value in given] == [_SAME_BITS[name][0]]:
            kind, lanes = _SAME_BITS[name][1], given[0].lanes
            return self.once(kind, lanes, f"bitcast {typed(given[0])} to {kind_of(kind, lanes)}")
        function, count = _INTRINSICS.get(name, ("", 2 if name == "min" else None))
        if len(given) != count or any(value.kind not in (FLOAT, INTEGER) for value in given):
            raise TypeError(f"no function of kernels: {name} of {', '.join(map(typed, given))}")
        if name == "min":
            first, second = self.alike(*given)
            return self.chosen(self.compared(ast.Lt(), second, first), second, first)
        if name == "abs" and given[0].kind == INTEGER:
            negative = self.compared(ast.Lt(), given[0], constant(0))
            return self.chosen(negative, self.negated(ast.USub(), given[0]), given[0])
        values = self.alike(*map(self.as_float, given))
        lanes = values[0].lanes
        suffix = f"v{lanes}f64" if lanes else "f64"
        listed = ", ".join(map(typed, values))
        text = f"call {kind_of(FLOAT, lanes)} @llvm.{function}.{suffix}({listed})"
        return self.once(FLOAT, lanes, text)

    def summed(self, value: Value) -> Value:
        """Return the sum of all lanes: halves are added, and halves of these."""
        lanes, text = value.lanes, value.text
        while lanes > 1:
            kind, lanes = kind_of(FLOAT, lanes), lanes // 2
            low, high = (
                self.add(
                    f"shufflevector {kind} {text}, {kind} poison, <{lanes} x i32> "
                    f"<{', '.join(f'i32 {k}' for k in range(first, first + lanes))}>"
                )
                for first in (0, lanes)
            )
            text = self.add(f"fadd {kind_of(FLOAT, lanes)} {low}, {high}")
        return Value(FLOAT, self.add(f"extractelement <1 x double> {text}, i32 0"))

    def any_lane(self, flag: Value) -> Value:
        """Return whether a flag is set in any lane."""
        if not flag.lanes:
            return flag
        function = f"@llvm.vector.reduce.or.v{flag.lanes}i64"
        found = self.once(INTEGER, 0, f"call i64 {function}({typed(flag)})")
        return self.compared(ast.NotEq(), found, constant(0))
