"""The one rule applied: to one algorithm, to many, and in plain floats."""
