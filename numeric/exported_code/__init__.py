"""Algorithms as code: compiled evaluators, and source in other languages."""
