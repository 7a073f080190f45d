"""Formulas of the pages as MathML, which browsers show without a network and without scripts."""

from __future__ import annotations

from typing import Any

from docutils import nodes

from sgdmem.symbolic.derivations.documents.html import mathml


def inline(self: Any, node: Any) -> None:
    """Write a formula in a line."""
    self.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def display(self: Any, node: Any) -> None:
    """Write a formula of its own, with its number where it has one."""
    number = f'<span class="eqno">({node["number"]})</span>' if node["number"] else ""
    formula = mathml(node.astext(), "block")
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(f"{number}{formula}</div>\n")
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer: ``html_math_renderer = "mathml"``."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
