"""Waiting for something to become true, with a limit."""

import time


def eventually(condition, *, within_s=10.0):
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {within_s} s: {condition}"
        time.sleep(0.005)
    return value


def text_of(path):
    return path.read_text() if path.exists() else ""
