"""Second moments, step by step and in long runs, on listed eigenvalues and on samples."""
