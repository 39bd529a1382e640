"""Every component in every state, as pages of a tiny portal with made-up data: for looking, and for tests.

    python -m tests.ui.kitchen_sink [port]      serve it on 127.0.0.1, with the portal's real content security policy
"""

import hashlib
import json
import sys
from functools import cache
from pathlib import Path

from flask import Flask, Response, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

from lib import bundle
from tests.ui import sink_data as data

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PAGES = ("dashboard", "runs", "run", "changes", "wizard", "form", "parts", "empty", "sign-in", "error", "confirm")


def create_app() -> Flask:
    """The kitchen sink: real templates and assets, invented data, no database."""
    app = Flask(__name__, static_folder=None, root_path=str(ROOT))
    app.secret_key = "kitchen"  # noqa: S105 (a made-up portal that keeps nothing)
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(ROOT / "templates"), FileSystemLoader(Path(__file__).parent / "templates")]
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=asset, csrf_token=lambda: "token")
    app.jinja_env.filters.update(ago=data.ago, exact=data.exact)
    app.context_processor(lambda: {"current": data.current(), "data": data})
    app.after_request(_secure)
    for rule, view in ROUTES:
        app.add_url_rule(rule, view.__name__, view, methods=["GET", "POST"])
    return app


@cache
def built(path: str) -> bytes:
    """One asset as the portal serves it: the two bundles joined, everything else as it is."""
    if path == "css/app.css":
        return bundle.join_css(STATIC / path).encode()
    if path == "js/app.js":
        return bundle.join_js(STATIC / path).encode()
    return (STATIC / path).read_bytes()


def asset(path: str) -> str:
    """The address of an asset, with the hash that lets it be kept for ever."""
    return f"/static/{path}?v={hashlib.sha256(built(path)).hexdigest()[:12]}"


def _secure(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CSP
    return response


def page(name: str = "dashboard") -> str:
    """One page of PAGES."""
    return render_template(f"sink/{name}.html")


def static(path: str) -> Response:
    """An asset, kept for a year by its hash."""
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(built(path), mimetype=kinds.get(Path(path).suffix, "text/plain"), headers=kept)


def events() -> Response:
    """A stream that says once that a run changed and a log grew, then closes."""
    hints = [("state", {"id": 128}), ("log", {"id": 128, "offset": 900})]
    body = "".join(f"event: {name}\ndata: {json.dumps(detail)}\n\n" for name, detail in hints)
    return Response("retry: 60000\n" + body, mimetype="text/event-stream", headers={"Cache-Control": "no-cache"})


def log_fragment() -> Response:
    """Two more lines after the offset that was asked for; the second answer says that the log is over."""
    over = request.args.get("after", "0") != "700"
    text = "" if over else render_template("sink/_log_more.html")
    headers = {"Gantry-Log-Offset": "900", "Gantry-Log-Complete": "true" if over else "false"}
    return Response(text, mimetype="text/html", headers=headers)


def search() -> str:
    """What the command palette found."""
    return render_template("sink/_found.html")


ROUTES = (
    ("/static/<path:path>", static),
    ("/events", events),
    ("/search", search),
    ("/runs/128/log", log_fragment),
    ("/", page),
    ("/<name>", page),
)

if __name__ == "__main__":
    create_app().run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 5055, threaded=True)
