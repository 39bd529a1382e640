"""A portal in a process of its own, to be killed: `python -m tests.scheduler.portal_process DIR`.

It says `ready` when its pool claims; it ends by a signal only.
"""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class PortalProcess:
    """Such a process, as a test holds it."""

    def __init__(self, data_dir, database_url=None):
        argv = [sys.executable, "-m", "tests.scheduler.portal_process", str(data_dir)]
        self._process = subprocess.Popen(
            [*argv, *([database_url] if database_url else [])],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def kill(self):
        """Kill it, as the kernel does when memory is short."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def main(data_dir, database_url=None):
    """Be a portal."""
    from tests.portal.portal import Portal, opened  # noqa: PLC0415 - not needed by who imports this

    portal = Portal(Path(data_dir), database_url=database_url)
    with opened(portal):
        portal.start()
    print("ready", flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
