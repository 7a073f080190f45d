"""Checks of numbered statements, one file each (see `sgdmem.verify`)."""
