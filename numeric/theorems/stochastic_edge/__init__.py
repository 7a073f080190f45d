"""Statements about the edge of stochastic stability, arXiv 2604.14108."""
