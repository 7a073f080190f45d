"""Statements on stationary methods whose poles and zeros alternate, theorem D's among them."""
