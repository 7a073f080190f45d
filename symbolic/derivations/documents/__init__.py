"""What a derivation is written as: LaTeX, PDF, Markdown, HTML."""
