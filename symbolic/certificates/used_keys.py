"""Which keys of a proof the checker has looked at: it refuses what it made no use of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sgdmem.symbolic.errors import ProofError, shown


class UsedKeys(Mapping[str, Any]):
    """A record of a proof, and the records within, that know which of their names were read.

    To ask whether there is a name is no use of it.
    """

    def __init__(self, record: Mapping[str, Any], where: str = "the proof") -> None:
        self._record, self._where = record, where
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._record:
            raise KeyError(name)
        if name not in self._read:
            self._read[name] = _watched(self._record[name], name)
        return self._read[name]

    def __contains__(self, name: Any) -> bool:
        return name in self._record

    def __iter__(self) -> Iterator[str]:
        return iter(self._record)

    def __len__(self) -> int:
        return len(self._record)

    def __repr__(self) -> str:
        return repr(self._record)

    def require_used(self, what_for: str) -> None:
        """Raise ProofError if something was not read.

        Examples
        --------
        >>> record = UsedKeys({"claim": "stable", "witness": {"bits": 64, "sets": []}})
        >>> record["claim"], record["witness"]["bits"]
        ('stable', 64)
        >>> record.require_used("about data")
        Traceback (most recent call last):
        ...
        sgdmem.symbolic.errors.ProofError: 'sets' in witness is not used in a proof about \
data: it must be left out
        """
        for name in self._record:
            if name not in self._read:
                raise ProofError(
                    f"{shown(name)} in {self._where} is not used in a proof {what_for}: it must "
                    "be left out"
                )
            inside = self._read[name]
            for record in inside if isinstance(inside, list) else [inside]:
                if isinstance(record, UsedKeys):
                    record.require_used(what_for)


def _watched(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return UsedKeys(value, name)
    if isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
        return [_watched(entry, f"an entry of {name}") for entry in value]
    return value
