"""Straight-line programs: formulas in the form in which they are compiled."""
