"""Values that have a command-line name; modules of many are imported when one is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, TypeVar

_V = TypeVar("_V")


class NamedValues(Mapping[str, _V]):
    """Values by their command-line names."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def add(self, values: Mapping[str, _V]) -> None:
        """Add values by name."""
        self._known.update(values)

    def add_later(self, module: str, names: Iterable[str]) -> None:
        """Add values of a module, where they have their names with underscores."""
        self._known.update(dict.fromkeys(names, _Later(module)))

    def __getitem__(self, name: str) -> _V:
        known = self._known[name]
        if isinstance(known, _Later):
            known = self._known[name] = getattr(import_module(known), name.replace("-", "_"))
        return known  # type: ignore[no-any-return]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


class _Later(str):
    """The name of a module."""

    __slots__ = ()
