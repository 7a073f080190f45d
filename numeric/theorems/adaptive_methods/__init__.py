"""Statements of arXiv 1705.08292 about its constructed problem, and when they hold."""
