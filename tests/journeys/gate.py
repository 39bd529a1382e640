"""Something slow, for plans that take as long as a test wants."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATE = (
    b'{"version":4,"terraform_version":"1.5.0","serial":1,"lineage":"gate",'
    b'"outputs":{"size":{"value":"large","type":"string"}},"resources":[]}'
)


class Gate:
    """An HTTP server with a state that it hands out only once it is open."""

    def __enter__(self):
        self.is_open = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.open()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}/state"

    def open(self):
        self.is_open.set()

    @property
    def code(self):
        """A configuration whose plan waits at the gate, and whose apply prints a little."""
        return {
            "main.tf": f"""
data "terraform_remote_state" "network" {{
  backend = "http"
  config  = {{ address = "{self.url}", retry_max = 0 }}
}}

resource "terraform_data" "server" {{
  count = 3
  input = {{ size = data.terraform_remote_state.network.outputs.size, number = count.index }}

  provisioner "local-exec" {{
    command = "echo server ${{count.index}} starts; sleep 0.5; echo server ${{count.index}} is up"
  }}
}}

output "size" {{
  value = data.terraform_remote_state.network.outputs.size
}}
"""
        }

    def _handler(self):
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                gate.is_open.wait(60)
                self.send_response(200)
                self.send_header("Content-Length", str(len(STATE)))
                self.end_headers()
                self.wfile.write(STATE)

            def log_message(self, *_):
                """Say nothing."""

        return Handler
