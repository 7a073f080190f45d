"""Expressions as people write them: factors, signs, the order of terms, and text."""
