"""What others call that are no people and no API clients: one module per kind of caller."""
