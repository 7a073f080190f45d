"""The command line as a process: ``sgdmem``, or ``python -m sgdmem``.

It heeds interrupts from the first moment on, before what it needs has been imported.
"""

import _signal as signal  # type: ignore[import-not-found]  # which, unlike signal, imports nothing
import gc
import os
import sys

_NEW_OBJECTS = 50_000  # after which garbage is looked for


def main() -> None:
    """Run the command line and exit, with a code that says how it ended."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # and not ignored
        signal.signal(signal.SIGINT, _leave)
    # what is imported stays: looking through it for garbage took a tenth of short commands
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
    from sgdmem.cli.main import main

    try:
        main(sys.argv[1:], own_process=True)
    finally:
        gc.freeze()  # nor is it looked through at the end


def _leave(*_: object) -> None:
    """End at once: raised while they are imported, libraries make other errors of it."""
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(130)


if __name__ == "__main__":
    main()
