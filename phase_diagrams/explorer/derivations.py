"""The derivations of the explorer's methods, as parts of its page.

Those of named methods are kept: they depend on nothing but the text of `sgdmem.symbolic` and on the
versions of what it computes with, and take some tenths of a second each to derive and to check.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import importlib.util
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from sgdmem.numeric.compilation.cache_folder import keep, read_kept
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.phase_diagrams.explorer.methods import ExploredMethod
from sgdmem.symbolic.derivations.derive import derive
from sgdmem.symbolic.derivations.documents.html import EQUATIONS, body
from sgdmem.symbolic.errors import SgdmemError
from sgdmem.symbolic.files.versions import computed_by
from sgdmem.symbolic.zoo.families_by_name import FAMILIES

STYLE = EQUATIONS
_SHOWN = 3  # derivations, of more there is a progress bar


def packed_derivations(
    methods: Sequence[ExploredMethod], letters: Mapping[str, str]
) -> dict[str, str]:
    """Return HTML with MathML by the names of methods, compressed (gzip) and written in base 64.

    Parameters are in ``letters``, in TeX.

    A method that cannot be derived, such as one of too large a memory, has the reason there.
    """
    found = {}
    with shown_progress("derivations", len(methods), len(methods) > _SHOWN) as advance:
        for method in methods:
            found[method.name] = base64.b64encode(_packed(method, letters)).decode("ascii")
            advance(1)
    return found


def _packed(method: ExploredMethod, letters: Mapping[str, str]) -> bytes:
    own = [parameter.name for parameter in method.parameters]
    symbols = {name: letter for name, letter in letters.items() if name in own}
    key = None
    if FAMILIES.get(method.name) is method.source:
        asked = "\0".join(map(str, (_state(), method.name, sorted(symbols.items()))))
        key = hashlib.sha256(asked.encode()).hexdigest()[:32]
    packed = read_kept(key) if key else None
    if packed is None:
        packed = gzip.compress(_body(method, symbols).encode(), mtime=0)
        if key:
            keep(key, packed)
    return packed


@lru_cache(maxsize=1)
def _state() -> str:
    """Return a digest of everything that derivations of named methods depend on."""
    spec = importlib.util.find_spec("sgdmem.symbolic")
    assert spec is not None and spec.origin is not None
    found = hashlib.sha256()
    for path in sorted(Path(spec.origin).resolve().parent.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(path.name.encode() + b"\0" + path.read_bytes())
    found.update(computed_by("sympy", "mpmath", "python-flint").encode())
    return found.hexdigest()


def _body(method: ExploredMethod, symbols: Mapping[str, str]) -> str:
    try:
        return body(derive(method.source, symbols=symbols))
    except SgdmemError as error:
        return (
            f"<h1>{html.escape(method.title)}</h1><p>No derivation: {html.escape(str(error))}.</p>"
        )
