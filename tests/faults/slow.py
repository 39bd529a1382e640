"""Something that an apply waits for, and that no interrupt shortens: a state far away."""

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATE = (
    b'{"version":4,"terraform_version":"1.5.0","serial":1,"lineage":"slow",'
    b'"outputs":{},"resources":[]}'
)


@contextlib.contextmanager
def answering_after(seconds):
    """The address of a state that is handed out after so long.

    Terraform ends a shell of its own when it is interrupted, but it waits for what it reads.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            time.sleep(seconds)
            with contextlib.suppress(OSError):  # Whoever asked may be dead by now.
                self.send_response(200)
                self.send_header("Content-Length", str(len(STATE)))
                self.end_headers()
                self.wfile.write(STATE)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/state"
    finally:
        server.shutdown()
        server.server_close()
