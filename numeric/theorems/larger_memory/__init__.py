"""Statements on what memory beyond 1 brings, and on what nothing brings."""
