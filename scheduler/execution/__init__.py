"""Carrying out a run, stretch by stretch: from a claim to the next state that waits, or the end."""
