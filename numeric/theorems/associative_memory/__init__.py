"""Statements of Kim et al., Sharp capacity scaling of spectral optimizers, and around them."""
