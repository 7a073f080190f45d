"""Derivations as data: statements that are checked, and the documents made of them."""
