"""Networks as problems, and verdicts on them."""
