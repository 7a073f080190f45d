"""LaTeX of expressions: letters, layout and width."""
