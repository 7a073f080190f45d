"""Statements of arXiv 2505.16098, and what it does not say of DANA."""
