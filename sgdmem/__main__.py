"""Run the command line as ``python -m sgdmem``."""

from sgdmem.cli.main import main

if __name__ == "__main__":
    main()
