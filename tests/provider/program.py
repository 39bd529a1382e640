"""The provider's program, run by an interpreter that has the package `tf` (see fixtures.py).

Two ways of its runner are put right, so that stopping is as with providers written in Go: the first
SIGINT goes to the whole process group and must not end the provider, and the request to stop that
terraform sends then must not end what is in the making.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)

import sys  # noqa: E402 - the signal comes first

from tf import runner  # noqa: E402 - after the path is set

import demo  # noqa: E402 - after the path is set

SHUTDOWN = "/plugin.GRPCController/Shutdown"


class ShutdownOnly:
    """Stops the server when terraform is done with it, and at no other word."""

    def __init__(self):
        self.stopped = False
        self.server = None

    def intercept_service(self, continuation, details):
        answer = continuation(details)
        if details.method == SHUTDOWN:
            self.stopped = True
            if self.server:
                self.server.stop(grace=0)
        return answer


runner._ShutdownInterceptor = ShutdownOnly  # noqa: SLF001 - it offers no other way
runner.run_provider(demo.DemoProvider(), sys.argv)
