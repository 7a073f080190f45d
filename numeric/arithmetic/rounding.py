"""The numbers behind all error bounds: what rounding and underflow may do to a result."""

UNIT = 2.0**-53  # of rounding to nearest, relative

# Balls (arrays) round their radii up with every operation, which is at most twenty roundings deep.
OPERATION_INFLATE = 1 + 32 * UNIT
OPERATION_TINY = 2.0**-1070  # a handful of underflows (the smallest subnormal is 2**-1074)

# Machine code rounds radii to nearest; who reads one multiplies it, for hundreds of operations.
INFLATE = 1 + 2.0**-30
TINY = 1e-300  # covers underflows, and is itself no subnormal number, which would be slow
