"""Random texts of kernels, and arguments for them.

``python -m tests.numeric.compilation.random_kernels SEED`` prints one.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

HEAD = """\
from math import copysign, inf, nan, sqrt

from numpy import int64
from sgdmem.numeric.compilation.kernel_words import (
    fma, lanes, machine_code, on_stack, part, shaped,
)

THIRD = 1.0 / 3


@part
def larger(x, y):
    apart = x - y
    x = x if apart > 0.0 else y
    return x, apart


@part
def blended(x, y, z):
    once, apart = larger(x, y)
    return fma(once, z, THIRD) + apart


@machine_code(
    "f8[:,::1], f8[:,::1], f8[::1], i8[::1], i1[::1], f8[::1], f8, f8, i8, i8, b1, i8, i8"
)
def kernel(given, out, flat, whole, flags, wide, a, b, m, n, turned, start, stop):
"""
ROWS, OUT, FLAT = 4, 3, 6
_FLOATS = [
    "0.0",
    "-0.0",
    "0.5",
    "1.0",
    "-1.0",
    "-2.5",
    "3.0",
    "0.1",
    "1e-310",
    "5e-324",
    "1e308",
    "-1e308",
    "inf",
    "nan",
    "7.0",
]
_INTEGERS = [
    "0",
    "1",
    "2",
    "-1",
    "3",
    "-7",
    "64",
    "1000003",
    "4611686018427387904",
    "-9223372036854775808",
]
_ORDERS = ("<", "<=", ">", ">=", "==", "!=")


class _Text:
    """Writes statements of which each name that is read has a value."""

    def __init__(self, seed: int) -> None:
        self.of = random.Random(seed)
        self.lines: list[str] = []
        self.count = 0
        self.names: dict[str, list[str]] = {"f": ["a", "b"], "i": ["m", "n"], "b": ["turned"]}
        self.entries: dict[str, list[str]] = {"f": [], "i": [], "b": []}  # of arrays, not in lanes
        self.in_lanes = False

    def add(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def new(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    # Expressions

    def leaf(self, kind: str) -> str:
        numbers = {"f": _FLOATS, "i": _INTEGERS, "b": ["True", "False"]}[kind]
        known = self.names[kind] + self.entries[kind]
        return self.of.choice(known if self.of.random() < 0.8 else numbers)

    def expression(self, kind: str, depth: int) -> str:
        if depth == 0:
            return self.leaf(kind)
        return {"f": self.float_, "i": self.integer, "b": self.flag}[kind](depth - 1)

    def either(self, kind: str, depth: int) -> str:
        one, other = (self.expression(kind, depth) for _ in range(2))
        return f"({one} if {self.expression('b', depth)} else {other})"

    def float_(self, depth: int) -> str:
        x, y = (self.expression("f", depth) for _ in range(2))
        if self.of.random() < 0.15:
            y = self.expression("i", depth)
            return f"({x} {self.of.choice('+-*/')} {y})"
        kinds = ["+", "-", "*", "/"] * 2 + ["abs", "min", "copysign", "minus", "either", "ratio"]
        kinds += ["sqrt", "fma", "blended"]
        match self.of.choice(kinds):
            case "abs":
                return f"abs({x})"
            case "min":
                return f"min(1.0 * {x}, 1.0 * {y})"
            case "copysign":  # the sign of what is no number is not said
                return f"copysign({x}, {y} if {y} == {y} else -1.0)"
            case "minus":
                return f"(-({x}))"
            case "either":
                return self.either("f", depth)
            case "sqrt":
                return f"sqrt(1.0 * {x})"
            case "fma" | "blended" as name:
                return f"{name}({x}, {y}, {self.expression('f', depth)})"
            case "ratio":
                return f"({self.expression('i', depth)} / {self.expression('i', depth)})"
            case sign:
                return f"({x} {sign} {y})"

    def integer(self, depth: int) -> str:
        x, y = (self.expression("i", depth) for _ in range(2))
        match self.of.choice(["+", "-", "*", "//", "%", ">>", "abs", "min", "minus", "either"]):
            case "//" | "%" as sign:
                divisor = self.of.choice(["2", "3", "-3", "64", "7", f"(1 + abs({y}) % 9)"])
                return f"({x} {sign} {divisor})"
            case ">>":
                return f"({x} >> {self.of.choice([0, 1, 5, 52, 63])})"
            case "abs":
                return f"abs({x})"
            case "min":
                return f"min({x}, {y})"
            case "minus":
                return f"(-({x}))"
            case "either":
                return self.either("i", depth)
            case sign:
                return f"({x} {sign} {y})"

    def flag(self, depth: int) -> str:
        x, y = (self.expression("b", depth) for _ in range(2))
        match self.of.choice(["f", "f", "f", "i", "if", "&", "|", "and", "or", "not", "=="]):
            case "not":
                return f"(not {x})"
            case "f" | "i" as kind:
                pair = [self.expression(kind, depth) for _ in range(2)]
                return f"({pair[0]} {self.of.choice(_ORDERS)} {pair[1]})"
            case "if":
                one, other = self.expression("i", depth), self.expression("f", depth)
                return f"({one} {self.of.choice(_ORDERS)} {other})"
            case sign:
                return f"({x} {sign} {y})"

    # Statements

    def assign(self, depth: int) -> None:
        kind = self.of.choice("ffib")
        value = self.expression(kind, self.of.randint(1, 3))
        value = f"1.0 * {value}" if kind == "f" else value
        known = [x for x in self.names[kind] if x[0] == kind and x[1:].isdigit()]
        if self.in_lanes:
            known = [x for x in known if int(x[1:]) > self.first_of_lanes]
        name = self.of.choice(known) if known and self.of.random() < 0.4 else self.new(kind)
        self.add(depth, f"{name} = {value}")
        self.names[kind] += [name] if name not in self.names[kind] else []

    def store(self, depth: int) -> None:
        at = self.of.choice([str(self.of.randrange(FLAT)), f"abs({self.leaf('i')}) % {FLAT}"])
        at = f"({at}) % {FLAT}"
        match self.of.choice("fffib"):
            case "f":
                self.add(depth, f"flat[{at}] = {self.expression('f', 3)}")
            case "i":
                self.add(depth, f"whole[{at}] = {self.expression('i', 2)}")
            case _:
                self.add(depth, f"flags[{at}] = {self.expression('i', 1)} % 5 - 2")

    def block(self, depth: int, size: int) -> None:
        """Statements one by one; what is assigned in a branch or a loop is known there alone."""
        for _ in range(size):
            before = {kind: list(names) for kind, names in self.names.items()}
            match self.of.choice(["assign"] * 4 + ["store"] * 2 + ["if", "for"] * (depth < 4)):
                case "assign":
                    self.assign(depth)
                    continue
                case "store":
                    self.store(depth)
                    continue
                case "if":
                    self.add(depth, f"if {self.expression('b', 2)}:")
                    self.block(depth + 1, 2)
                    self.names = {kind: list(names) for kind, names in before.items()}
                    self.add(depth, "else:")
                    self.block(depth + 1, 2)
                case _:
                    k, step = self.new("k"), self.of.choice(["", "", ", 3"])
                    ends = f"{self.of.choice(_INTEGERS[:3])}, abs({self.leaf('i')}) % 5{step}"
                    self.add(depth, f"for {k} in range({ends}):")
                    self.names["i"].append(k)
                    self.block(depth + 1, 2)
                    if self.of.random() < 0.5:
                        self.add(depth + 1, f"if {self.expression('b', 2)}:")
                        self.add(depth + 2, "break")
                        self.assign(depth + 1)
            self.names = before

    def lane_loop(self, depth: int, reset: bool) -> None:
        column = "begin + p"
        self.add(depth, "for p in lanes(members):")
        before = {kind: list(names) for kind, names in self.names.items()}
        entries, self.in_lanes, self.first_of_lanes = self.entries, True, self.count
        rows = [f"given[{k}, {column}]" for k in range(ROWS)]
        rows += [] if reset else [f"room[{64 * k} + p]" for k in range(3)]
        self.entries = {"f": rows, "i": [], "b": []}
        gathered = self.of.choice(["found", "other"])
        self.names["b"] = [x for x in self.names["b"] if x != gathered]
        for _ in range(self.of.randint(1, 5)):
            self.assign(depth + 1)
        if self.of.random() < 0.5:
            one, other = self.new("f"), self.new("f")
            pair = f"{self.expression('f', 2)}, {self.expression('f', 2)}"
            self.add(depth + 1, f"{one}, {other} = larger({pair})")
            self.names["f"] += [one, other]
        for k in range(3):
            if reset or self.of.random() < 0.5:
                self.add(depth + 1, f"room[{64 * k} + p] = {self.expression('f', 2)}")
            if self.of.random() < 0.4:
                row = f"out[{k}, {column}]"
                self.add(depth + 1, f"{row} = {self.expression('f', 3)}")
                self.entries["f"].append(row)
        if self.of.random() < 0.7:
            how = self.of.choice(["{0} = {0} |", "{0} |="]).format(gathered)
            self.add(depth + 1, f"{how} {self.expression('b', 3)}")
        self.names, self.entries, self.in_lanes = before, entries, False

    def rows(self, depth: int) -> None:
        """Loops over full rows, whose numbers are not literals: one may be another one."""
        row = self.new("k")
        self.add(depth, "full = False")
        self.add(depth, f"for {row} in range(abs({self.leaf('i')}) % 4):")
        self.add(depth + 1, f"there = ({row} * {self.of.randrange(3)} + 1) % 4")
        self.add(depth + 1, "for p in lanes(64):")
        before = {kind: list(names) for kind, names in self.names.items()}
        entries, self.in_lanes, self.first_of_lanes = self.entries, True, self.count
        places = [f"64 * {row}", "64 * there", "64 * (3 - there)", "128"]
        known = [f"wide[{place} + p]" for place in places] + ["tall[64 * there + p]"]
        self.entries = {"f": known, "i": [], "b": []}
        for _ in range(self.of.randint(2, 6)):
            if self.of.random() < 0.5:
                self.assign(depth + 2)
            else:
                self.add(depth + 2, f"{self.of.choice(known)} = {self.expression('f', 2)}")
        self.add(depth + 2, f"full |= {self.expression('b', 2)}")
        self.names, self.entries, self.in_lanes = before, entries, False

    def one_by_one(self, depth: int) -> None:
        """A loop over the members without lanes, with bits of floats."""
        self.add(depth, "for q in range(members):")
        before = {kind: list(names) for kind, names in self.names.items()}
        entries = self.entries
        self.entries = {
            "f": [*entries["f"], "given[1, begin + q]", "room[q]", "room[64 + q]"],
            "i": [*entries["i"], "whole[q % 6]"],
            "b": entries["b"],
        }
        self.names["i"].append("q")
        self.add(depth + 1, "room[128 + q] = a if a == a else 1.0")
        self.entries["i"].append("bits[128 + q]")
        self.block(depth + 1, 3)
        self.add(depth + 1, f"room[64 + q] = {self.expression('f', 2)}")
        self.names, self.entries = before, entries


def random_kernel(seed: int) -> str:
    """Return the source of a kernel called ``kernel``."""
    text = _Text(seed)
    text.add(1, "room, found, other = on_stack(192), turned, False")
    text.add(1, "bits, rest, tall = room.view(int64), flat[2:], on_stack(256)")
    text.add(1, "for p in lanes(256): tall[p] = wide[p]")
    text.names["b"] += ["found", "other"]
    text.entries["f"] = ["flat[0]", "rest[1]", "given[2, 0]"]
    text.entries["i"] = ["whole[1]", "flags[2]", "rest.size", "given.shape[1]"]
    text.block(1, 3)
    text.add(1, "for begin in range(start, stop, 64):")
    text.add(2, "members = min(64, stop - begin)")
    text.names["i"] += ["begin", "members"]
    text.lane_loop(2, reset=True)
    for _ in range(text.of.randint(1, 4)):
        if text.of.random() < 0.5:
            text.one_by_one(2)
        else:
            text.lane_loop(2, reset=False)
    text.add(2, f"if {text.expression('b', 1)}:")
    text.add(3, "flat[5] = flat[5] + 1.0 if found else -1.0")
    text.lane_loop(3, reset=False)
    text.names["i"] = [x for x in text.names["i"] if x not in ("begin", "members")]
    text.rows(1)
    text.block(1, 3)
    text.add(1, "whole[0], flat[1] = 1 if found and not full else 0, 1.0 if other else flat[1]")
    return HEAD + "\n".join(text.lines) + "\n"


def random_arguments(seed: int) -> tuple[list[Any], list[Array]]:
    """Return arguments for such a kernel, and those of them that are written."""
    draw = np.random.default_rng(seed)
    size = int(draw.choice([1, 7, 15, 16, 17, 40, 64, 65, 80, 130]))
    start = int(draw.integers(0, size))
    stop = int(draw.integers(start, size + 1))

    def floats(*shape: int) -> Array:
        special = draw.choice([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1e-310, 1e308], shape)
        return np.where(draw.random(shape) < 0.2, special, draw.normal(size=shape) * 3)

    given, out, flat = floats(ROWS, size), floats(OUT, size), floats(FLAT)
    whole = draw.choice([0, 1, -1, 5, 2**62, -(2**63), 12345], FLAT)
    flags = draw.integers(-2, 3, FLAT).astype(np.int8)
    numbers = [np.float64(draw.normal()), floats(1)[0], int(draw.integers(-9, 9)), size]
    wide, turned = floats(256), bool(draw.random() < 0.5)
    arguments = [given, out, flat, whole, flags, wide, *numbers, turned, start, stop]
    return arguments, [out, flat, whole, flags, wide]


if __name__ == "__main__":
    sys.stdout.write(random_kernel(int(sys.argv[1])))
