"""Methods that are faster under noise, and their comparison."""
