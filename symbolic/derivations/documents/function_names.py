"""Spaces around names of functions in MathML, as TeX sets them: log t, log(t), max x.

Browsers set a name that is an identifier, as log is written, without any, and one that is an
operator, as max, with wide ones, also before a parenthesis.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

_THIN = "0.167em"
_NAME = re.compile(r"[A-Za-z]{2,}(\W[a-z]{3})?")  # lim sup is one
_ROWS = {"math", "mrow", "mstyle", "msqrt", "mtd", "mpadded", "mphantom"}
_SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
_BARS = {"|", "∣", "‖", "∥"}
_CLOSING = {*")]}⟩⌋⌉!"}


def space_names(formula: Element) -> None:
    """Set thin spaces between names of functions and what they stand beside."""
    for row in [element for element in formula.iter() if element.tag in _ROWS]:
        spaced = [*_spaced([*row])]
        row[:] = spaced


def _spaced(parts: list[Element]) -> Iterator[Element]:
    inside = False  # bars
    for place, part in enumerate(parts):
        yield part
        inside ^= _text(_base(part)) in _BARS
        if place + 1 == len(parts):
            return
        following = parts[place + 1]
        first, second = _is_name(part), _is_name(following)
        before = first or (second and _ends(part, inside))
        if before and (second or _begins(following, inside)):
            yield Element("mspace", {"width": _THIN})


def _is_name(part: Element) -> bool:
    """Whether it is a name, with what is above and below it; an operator loses its own spaces."""
    part = _base(part)
    found = part.tag in ("mi", "mo") and _NAME.fullmatch(_text(part)) is not None
    if found and part.tag == "mo":
        part.attrib |= {"lspace": "0", "rspace": "0"}
    return found


def _begins(part: Element, inside: bool) -> bool:
    """Whether a name has a space before what follows it, which is in bars or not."""
    part = _core(part, 0)
    if part.tag != "mo":
        return part.tag != "mspace"
    return _text(part) in _BARS and not inside


def _ends(part: Element, inside: bool) -> bool:
    """Whether a name has a space after what it follows, which is in bars or not."""
    part = _core(part, -1)
    if part.tag != "mo":
        return part.tag != "mspace"
    return _text(part) in _CLOSING or (_text(part) in _BARS and not inside)


def _core(part: Element, end: int) -> Element:
    """Return what is at an end of rows, and what scripts are of."""
    part = _base(part)
    return _core(part[end], end) if len(part) and part.tag in ("mrow", "mstyle") else part


def _base(part: Element) -> Element:
    """Return what scripts are of."""
    return _base(part[0]) if part.tag in _SCRIPTS else part


def _text(part: Element) -> str:
    return html.unescape(part.text or "").strip() if part.tag in ("mi", "mo") else ""
