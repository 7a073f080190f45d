"""Maps over two parameters, their pictures, and the command line."""
