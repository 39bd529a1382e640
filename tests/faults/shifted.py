"""`gantry` on a machine whose wall clock is wrong.

`python -m tests.faults.shifted SECONDS serve`, and the clock is ahead by so many seconds.
"""

import datetime as dt
import sys

from cli import main
from lib import clock


class Shifted(clock.SystemClock):
    """The machine's clocks, of which somebody has set the one on the wall."""

    def __init__(self, by_s):
        self._by = dt.timedelta(seconds=by_s)

    def now(self):
        """The instant that this clock shows."""
        return super().now() + self._by


if __name__ == "__main__":
    with clock.replaced(Shifted(float(sys.argv.pop(1)))):
        main()
