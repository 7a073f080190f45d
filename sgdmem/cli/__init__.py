"""The command line: a module of its own for each command, for each kind of argument."""
