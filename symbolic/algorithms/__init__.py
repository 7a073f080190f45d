"""Algorithms and families of them: what they are, how they look, when two are the same."""
