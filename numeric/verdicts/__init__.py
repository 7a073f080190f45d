"""Verdicts: the limits of stability, the floors of losses, and rates."""
