"""Arrays on disk, chunk by chunk: what was computed once is there to stay."""
