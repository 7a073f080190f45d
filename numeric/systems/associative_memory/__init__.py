"""The associative memory: what steps of SGD, of Muon and of Newton recover."""
