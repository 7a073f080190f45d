"""What commands are given: algorithms, problems, axes, files to write."""
