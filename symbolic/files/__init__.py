"""Files: written whole or not at all, with a mark, and never over what is somebody else's."""
