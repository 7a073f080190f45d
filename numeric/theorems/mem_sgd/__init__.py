"""Statements of arXiv 1809.07599, and what it does not say of rand-k on quadratics."""
