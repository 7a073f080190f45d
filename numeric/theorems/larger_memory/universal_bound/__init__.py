"""Statements on what the loss of no linear method is below."""
