"""Methods from update functions: a step is run once on variables, and what it did is read off."""
