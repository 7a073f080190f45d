"""Noise summands of modes, their sums and the radii of noise operators, with error bounds."""
