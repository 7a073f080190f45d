"""Eigenvalues: lists, power laws, files, and quadrature rules that stand for long ones."""
