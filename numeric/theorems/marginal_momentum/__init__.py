"""Statements about SGD with and without momentum at small learning rates, arXiv 2307.15196."""
