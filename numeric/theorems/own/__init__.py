"""Statements of the library itself, one a file."""
