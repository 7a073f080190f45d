"""Run the command line as ``python -m sgdmem``."""

from sgdmem.phase_diagrams.cli import main

if __name__ == "__main__":
    main()
