"""Systems: what single papers ask, through the one description; a file or a folder a paper."""
