"""The derivations of the explorer's methods, as parts of its page."""

from __future__ import annotations

import base64
import gzip
import html
from collections.abc import Mapping, Sequence

from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.phase_diagrams.explorer.methods import ExploredMethod
from sgdmem.symbolic.derivations.derivation import derive
from sgdmem.symbolic.derivations.documents.html import EQUATIONS, body
from sgdmem.symbolic.errors import SgdmemError

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
            packed = gzip.compress(_body(method, letters).encode(), mtime=0)
            found[method.name] = base64.b64encode(packed).decode("ascii")
            advance(1)
    return found


def _body(method: ExploredMethod, letters: Mapping[str, str]) -> str:
    own = [parameter.name for parameter in method.parameters]
    symbols = {name: letter for name, letter in letters.items() if name in own}
    try:
        return body(derive(method.source, symbols=symbols))
    except SgdmemError as error:
        return (
            f"<h1>{html.escape(method.title)}</h1><p>No derivation: {html.escape(str(error))}.</p>"
        )
