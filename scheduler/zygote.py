"""The zygote: a small process that waits, with all that supervisors need imported, to be forked.

A fork costs a fraction of starting Python. The zygote has one thread and holds nothing of a run;
it ends when its portal does, and the supervisors it forked go on.
"""

import gc
import os
import signal
import socket
import struct
import sys
import traceback
from typing import NoReturn

from lib import procfs
from lib.masking import Masker
from scheduler import transcript
from scheduler.step import StepSpec
from scheduler.supervisor import supervise

#: Length of the request that follows. With it comes the descriptor to which the result is written.
HEADER = struct.Struct("<I")


def main(control_fd: int) -> None:
    """Fork a supervisor for each request on the socket `control_fd`, until its other end closes."""
    procfs.set_name("gantry-zygote")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The kernel reaps the supervisors.
    try:
        transcript.engines()
    except ImportError:
        traceback.print_exc()
    gc.collect()
    gc.disable()  # Collecting would touch, and so copy, every page that is shared.
    gc.freeze()
    with socket.socket(fileno=control_fd) as control:
        while request := _receive(control):
            _fork_supervisor(control, *request)


def _receive(control: socket.socket) -> tuple[bytes, int] | None:
    """The next request and its descriptor, or None when the portal is gone."""
    header, fds, _, _ = socket.recv_fds(control, HEADER.size, 1)
    if len(header) < HEADER.size or not fds:
        return None
    request = bytearray(HEADER.unpack(header)[0])
    view, received = memoryview(request), 0
    while received < len(request):
        count = control.recv_into(view[received:])
        if not count:
            return None
        received += count
    return bytes(request), fds[0]


def _fork_supervisor(control: socket.socket, request: bytes, result_fd: int) -> None:
    try:
        pid = os.fork()
    except OSError:
        traceback.print_exc()  # The portal sees the descriptor close, and asks again.
    else:
        if pid == 0:
            control.close()
            _supervise(request, result_fd)
    os.close(result_fd)


def _supervise(request: bytes, result_fd: int) -> NoReturn:
    """Be a supervisor: the forked process ends here whatever happens."""
    masker = Masker(())
    try:
        os.setsid()
        procfs.set_name("gantry-step")
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        owner, _, spec_json = request.partition(b"\n")
        spec = StepSpec.from_json(spec_json)
        masker = Masker(spec.secrets)
        supervise(spec, owner.decode(), result_fd)
    except BrokenPipeError:
        os._exit(0)  # The portal is gone; the next one finds the exit record.
    except BaseException:  # noqa: BLE001 - nothing above this may run in the forked process.
        sys.stderr.write(masker.mask_text(traceback.format_exc()))
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
