"""Turns: a lock that is handed on in the order in which it was asked for."""

import threading
from collections import deque


class Turns:
    """One thread at a time has the turn; those that wait get it first come, first served.

    A lock of the standard library may go to whoever asks at the right moment: somebody who gives
    it up and takes it again at once keeps the others out. Here it is handed to the first in line.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._line: deque[threading.Event] = deque()
        self._is_taken = False

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def take(self, within_s: float) -> bool:
        """Wait for the turn. Whether it came in time; if not, nothing is held."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._line.append(mine)
        if mine.wait(within_s):
            return True
        with self._guard:
            if mine.is_set():  # It came in the moment between.
                return True
            self._line.remove(mine)
        return False

    def give(self) -> None:
        """Hand the turn to the next in line."""
        with self._guard:
            if self._line:
                self._line.popleft().set()
            else:
                self._is_taken = False
