"""Short texts that tell data from others."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Any

from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.symbolic.algebra.scalars import is_list

DIGEST = "sha256:"  # how a text begins that only tells data apart


def digest(*parts: bytes | str) -> str:
    """Return what tells some data from others."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little") + data)
    return f"{DIGEST}{found.hexdigest()[:32]}"


def number_digest(given: Any) -> str:
    """Return a number as it is, or what tells a list of numbers from others."""
    if is_list(given):
        return digest(*map(number_digest, given))
    return str(given if is_infinite(given) else number(given, "a number"))


def axis_digest(values: Iterable[Any]) -> str:
    """Return what tells the exact values of an axis from others."""
    return digest(" ".join("inf" if value == math.inf else str(value) for value in values))
