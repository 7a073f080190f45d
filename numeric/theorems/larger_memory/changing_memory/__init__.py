"""Statements on memory 1 that changes with time."""
