"""Scalars, polynomials and the Routh-Astrom recursion, over anything that supports + - * /."""
