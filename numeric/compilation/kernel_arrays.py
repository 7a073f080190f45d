"""Arrays in kernels: what is theirs, where entries are, and those of lanes side by side."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sgdmem.numeric.compilation.lane_loops import WIDE, Rows, natural, text_of, without
from sgdmem.numeric.compilation.llvm_lines import (
    BYTE,
    FLOAT,
    INTEGER,
    POINTER,
    Lines,
    Value,
    constant,
    kind_of,
    typed,
)

BYTES = {FLOAT: 8, INTEGER: 8, BYTE: 1}
ALIGNED = 64


@dataclass(frozen=True)
class Array:
    """An array: the type of its entries, where it is, and the sizes of its axes.

    ``root`` is the place of the array that it is a part of.
    """

    entry: str
    place: str
    sizes: tuple[Value, ...]
    root: str
    on_stack: bool = False


@dataclass
class Lanes:
    """The loop over lanes that is written: its index, its vectors, and what is known there."""

    index: str
    gathered: set[str]
    width: int
    place: str = ""  # of the first lane
    known: dict[str, Value] = field(default_factory=dict)  # variables, and entries by their places
    rows: dict[str, tuple[str, str]] = field(default_factory=dict)  # where they are, and strides
    copies: dict[str, str] = field(default_factory=dict)
    offsets: dict[str, Value] = field(default_factory=dict)  # of rows of flat arrays
    places: dict[str, tuple[str, Value]] = field(default_factory=dict)  # their arrays and offsets
    left: Value | None = None  # how many are to come
    full: Value | None = None
    sums: dict[str, str] = field(default_factory=dict)  # variables that are sums: their vectors


class ArrayLines(Lines, ABC):
    """Lines about arrays."""

    def __init__(self, contract: bool) -> None:
        super().__init__(contract)
        self._arrays: dict[str, Array] = {}
        self._lanes: Lanes | None = None

    @abstractmethod
    def _value(self, node: ast.expr) -> Value:
        """Return a number."""

    # Arrays ------------------------------------------------------------------------------------

    def _array(self, node: ast.expr) -> Array | None:
        """Return the array that an expression is, or None if it is none."""
        match node:
            case ast.Name(id=name):
                return self._arrays.get(name)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="view"),
                args=[ast.Name(id="int64")],
            ) if self._arrays[name].entry == FLOAT:
                return replace(self._arrays[name], entry=INTEGER)
            case ast.Call(func=ast.Name(id="on_stack"), args=[ast.Constant(value=int() as size)]):
                place = self.name("%room")
                self.entry.append(f"  {place} = alloca [{size} x double], align {ALIGNED}")
                return Array(FLOAT, place, (constant(size),), place, on_stack=True)
            case ast.Call(func=ast.Name(id="shaped"), args=[flat, ast.Tuple(elts=shape)]):
                given = self._array(flat)
                assert given is not None and len(given.sizes) == 1
                sizes = tuple(self._integer(x) for x in shape)
                return replace(given, sizes=sizes, on_stack=False)
            case ast.Subscript(value=ast.Name(id=name), slice=index) if name in self._arrays:
                return self._part(self._arrays[name], index)
        return None

    def _part(self, array: Array, index: ast.expr) -> Array | None:
        """Return a slice of a flat array, or an entry of one with more axes."""
        if isinstance(index, ast.Slice):
            (size,) = array.sizes
            assert index.step is None
            low = constant(0) if index.lower is None else self._integer(index.lower)
            high = size if index.upper is None else self._integer(index.upper)
            length = self.calculated(ast.Sub(), high, low)
            return Array(array.entry, self._at(array, low), (length,), array.root)
        if isinstance(index, ast.Tuple) or len(array.sizes) < 2:
            return None
        rest = array.sizes[1:]
        start = self.calculated(ast.Mult(), self._integer(index), self._product(rest))
        return Array(array.entry, self._at(array, start), rest, array.root)

    def _integer(self, node: ast.expr) -> Value:
        """Return an index or a size: none is negative, or counted from the end."""
        value = self._value(node)
        if value.kind != INTEGER or value.lanes or value.text.startswith("-"):
            raise TypeError(f"no natural number: {ast.unparse(node)}")
        return value

    def _product(self, sizes: tuple[Value, ...]) -> Value:
        total = constant(1)
        for size in sizes:
            total = self.calculated(ast.Mult(), total, size)
        return total

    def _at(self, array: Array, index: Value) -> str:
        text = f"getelementptr {array.entry}, ptr {array.place}, {typed(index)}"
        return self.once(POINTER, 0, text).text

    def _place(self, subscript: ast.Subscript) -> tuple[str, Array]:
        """Return where an entry is, or that of the first lane, and its array."""
        assert isinstance(subscript.value, ast.Name)
        array, index = self._arrays[subscript.value.id], subscript.slice
        indices = index.elts if isinstance(index, ast.Tuple) else [index]
        lanes = self._lanes
        if lanes is None:
            total = self._integer(indices[0])
            for size, entry in zip(array.sizes[1:], indices[1:], strict=True):
                total = self.calculated(ast.Mult(), total, size)
                total = self.calculated(ast.Add(), total, self._integer(entry))
            return self._at(array, total), array
        if len(array.sizes) == 1:
            (index,) = indices
            offset = lanes.offsets[text_of(without(index, lanes.index))]
            first = self._at(array, Value(INTEGER, lanes.place))
            place = self._at(replace(array, place=first), offset)
            lanes.places[place] = array.root, offset
            return place, array
        place, stride = lanes.rows[subscript.value.id]
        start = self.calculated(ast.Mult(), Value(INTEGER, stride), constant(natural(indices[0])))
        return self._at(replace(array, place=place), start), array

    def _load(self, subscript: ast.Subscript) -> Value:
        place, array = self._place(subscript)
        lanes = self._lanes
        if lanes is not None and place in lanes.known:
            return lanes.known[place]
        width, align = 0 if lanes is None else lanes.width, BYTES[array.entry]
        kind = kind_of(array.entry, width)
        found = self.add(f"load {kind}, ptr {place}, align {align}")
        if array.entry == BYTE:
            return Value(INTEGER, self.add(f"sext i8 {found} to i64"))
        value = Value(array.entry, found, width)
        if lanes is not None:
            lanes.known[place] = value
        return value

    def _store(self, subscript: ast.Subscript, value: Value) -> None:
        place, array = self._place(subscript)
        if array.entry == FLOAT:
            value = self.as_float(value)
        if value.kind != (INTEGER if array.entry == BYTE else array.entry):
            raise TypeError(f"{value.kind} for {array.entry}: {ast.unparse(subscript)}")
        if array.entry == BYTE:
            value = Value(BYTE, self.add(f"trunc {typed(value)} to i8"))
        # what is chosen or kept must not become a masked store, which some processors do slowly
        how = "store"
        if self._lanes is not None:
            value = self.widened(value, self._lanes.width)
            if len(array.sizes) == 1:
                how = "store volatile"
                self._forget(array, place)
            self._lanes.known[place] = value
        self.lines.append(f"  {how} {typed(value)}, ptr {place}, align {BYTES[array.entry]}")

    def _offset(self, name: str, base: ast.expr | None) -> Value:
        """Return where a row of a flat array begins: vectors do not end where lanes do."""
        size = self._arrays[name].sizes[0]
        known = self._arrays[name].on_stack and int(size.text) % WIDE
        if known or (base is not None and not self._is_multiple(base)):
            raise TypeError(f"rows of {name} are not multiples of {WIDE}")
        return constant(0) if base is None else self._integer(base)

    def _is_multiple(self, node: ast.expr) -> bool:
        """Whether a row surely begins at a multiple of what lanes take at a time."""
        match node:
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return self._is_multiple(left) or self._is_multiple(right)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._is_multiple(left) and self._is_multiple(right)
            case ast.Constant() | ast.Name():
                number = self._value(node)
                return number.is_constant and number.kind == INTEGER and not int(number.text) % WIDE
        return False

    def _forget(self, array: Array, place: str) -> None:
        """Forget what a row that is written may have been, under another name."""
        lanes = self._lanes
        assert lanes is not None
        offset = lanes.places[place][1]
        for other, (root, known) in lanes.places.items():
            apart = known.is_constant and offset.is_constant
            if other != place and root == array.root and not apart:
                lanes.known.pop(other, None)

    # Lanes that are left over -------------------------------------------------------------------

    def _all_in_place(
        self, lanes: Lanes, rows: Mapping[str, Rows], columns: Mapping[str, Value]
    ) -> None:
        """Say where rows are, of a loop without lanes that are left over."""
        for name in rows:
            place = self._first_lane(lanes, name, columns[name])
            lanes.rows[name] = place, self._arrays[name].sizes[1].text

    def _copy_in(
        self,
        lanes: Lanes,
        rows: Mapping[str, Rows],
        columns: Mapping[str, Value],
        left: Value,
        work: str,
    ) -> None:
        """Say where rows are: in their array, or in a copy if lanes are left over."""
        whole, part = map(self.name, ("whole", "part"))
        lanes.full = self.compared(ast.GtE(), left, constant(lanes.width))
        self.branch(lanes.full, whole, part)
        self.begin(whole)
        places = {name: self._first_lane(lanes, name, column) for name, column in columns.items()}
        self.jump(work)
        self.begin(part)
        for name, some in rows.items():
            array = self._arrays[name]
            if len(array.sizes) != 2 or array.entry == BYTE:
                raise TypeError(f"lanes are along the second axis of {name}, of 64 bits each")
            room = lanes.copies[name] = self.name("%copy")
            size = some.count * lanes.width
            self.entry.append(f"  {room} = alloca [{size} x double], align {ALIGNED}")
            self._copy("copy_in", lanes, name, some, columns[name], left)
        self.jump(work)
        self.begin(work)
        for name in rows:
            stride = self._arrays[name].sizes[1].text
            place = f"[{places[name]}, %{whole}], [{lanes.copies[name]}, %{part}]"
            step = f"[{stride}, %{whole}], [{lanes.width}, %{part}]"
            lanes.rows[name] = self.add(f"phi ptr {place}"), self.add(f"phi i64 {step}")

    def _copy_out(
        self, lanes: Lanes, rows: Mapping[str, Rows], columns: Mapping[str, Value], left: Value
    ) -> None:
        assert lanes.full is not None
        part, done = map(self.name, ("part", "done"))
        self.branch(lanes.full, done, part)
        self.begin(part)
        for name, some in rows.items():
            if some.written:
                self._copy("copy_out", lanes, name, some, columns[name], left)
        self.jump(done)
        self.begin(done)

    def _copy(
        self, how: str, lanes: Lanes, name: str, some: Rows, column: Value, left: Value
    ) -> None:
        there, stride = self._first_lane(lanes, name, column), self._arrays[name].sizes[1]
        sizes = f"i64 {lanes.width}, i64 {some.count}, {typed(stride)}, {typed(left)}"
        self.lines.append(f"  call void @{how}(ptr {lanes.copies[name]}, ptr {there}, {sizes})")

    def _first_lane(self, lanes: Lanes, name: str, column: Value) -> str:
        at = self.calculated(ast.Add(), Value(INTEGER, lanes.place), column)
        return self._at(self._arrays[name], at)
