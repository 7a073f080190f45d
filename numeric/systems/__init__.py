"""Systems: what single papers ask, through the one description; a file a paper."""
