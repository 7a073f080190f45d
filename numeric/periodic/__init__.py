"""Methods that repeat themselves: cyclic rates, Lookahead, restarts."""
