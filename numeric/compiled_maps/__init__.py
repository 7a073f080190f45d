"""Verdicts on whole planes of a family's members, in machine code."""
