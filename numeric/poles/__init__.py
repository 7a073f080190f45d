"""Polynomials in numbers of 106 bits: their roots, and the poles of noise summands."""
