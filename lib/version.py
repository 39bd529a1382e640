"""Which Gantry this is. The build takes the number from pyproject.toml; a test compares the two."""

VERSION = "0.1.0"
