"""The numbered statements of arXiv 2410.04228, one a file."""
