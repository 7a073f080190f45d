"""Statements on where exponents of any memory and schedule end."""
