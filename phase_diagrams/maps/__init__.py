"""Phase diagrams and boundaries as data, in memory and on disk."""
