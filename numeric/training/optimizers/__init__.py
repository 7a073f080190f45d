"""Optimizers of other libraries as methods."""
