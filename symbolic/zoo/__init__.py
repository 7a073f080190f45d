"""Methods of the literature, each written as it was published."""
