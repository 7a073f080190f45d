"""The families that have a command-line name; modules of many are imported when one is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sgdmem.symbolic.algorithms.family import Family


class NamedFamilies(Mapping[str, "Family[...]"]):
    """Families by their command-line names; `named_algorithms` names them."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def add(self, families: Mapping[str, Family[...]]) -> None:
        """Add families by name."""
        self._known.update(families)

    def add_later(self, module: str, names: Iterable[str]) -> None:
        """Add families of a module, where they have their names with underscores."""
        self._known.update(dict.fromkeys(names, module))

    def __getitem__(self, name: str) -> Family[...]:
        known = self._known[name]
        if isinstance(known, str):
            known = self._known[name] = getattr(import_module(known), name.replace("-", "_"))
        return known  # type: ignore[no-any-return]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


FAMILIES = NamedFamilies()
