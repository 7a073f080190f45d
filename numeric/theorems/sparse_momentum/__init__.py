"""Statements about momentum under sparse updates, arXiv 2605.28961."""
