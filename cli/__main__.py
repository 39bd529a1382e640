"""`python -m cli` is `gantry`."""

from cli import main

main()
