"""A terraform provider in Python, so that tests have resources that drift, fail and take time."""
