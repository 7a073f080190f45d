"""The one rule, the verdict that it gives, and the limits of stability."""
