"""Every component in every state, as pages of a tiny portal with made-up data: to look, to test.

`python -m tests.ui.kitchen_sink [port]` serves it on 127.0.0.1, with the portal's real assets and
content security policy.
"""

import json
import sys
from pathlib import Path

from flask import Flask, Response, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

from blueprints._shared import assets, security
from tests.ui import sink_data as data

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
PAGES = (
    "dashboard",
    "runs",
    "run",
    "changes",
    "wizard",
    "form",
    "parts",
    "empty",
    "sign-in",
    "error",
    "confirm",
)


def create_app() -> Flask:
    """The kitchen sink: real templates and assets, invented data, no database."""
    app = Flask(__name__, static_folder=None, root_path=str(ROOT))
    app.secret_key = "kitchen"
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(ROOT / "templates"),
            FileSystemLoader(Path(__file__).parent / "templates"),
        ]
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(csrf_token=lambda: "token")
    app.jinja_env.filters.update(ago=data.ago, exact=data.exact)
    app.context_processor(lambda: {"current": data.current(), "data": data})
    app.after_request(_secure)
    assets.install(app, STATIC)
    for rule, view in ROUTES:
        app.add_url_rule(rule, view.__name__, view, methods=["GET", "POST"])
    return app


def _secure(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = security.CSP
    return response


def page(name: str = "dashboard") -> str:
    """One page of PAGES."""
    return render_template(f"sink/{name}.html")


def events() -> Response:
    """A stream that says once that a run changed and a log grew, then closes."""
    hints = [("state", {"id": 128}), ("log", {"id": 128, "offset": 900})]
    body = "".join(f"event: {name}\ndata: {json.dumps(detail)}\n\n" for name, detail in hints)
    return Response(
        "retry: 60000\n" + body, mimetype="text/event-stream", headers={"Cache-Control": "no-cache"}
    )


def log_fragment() -> Response:
    """Two more lines after the offset asked for; the second answer says that the log is over."""
    over = request.args.get("after", "0") != "700"
    text = "" if over else render_template("sink/_log_more.html")
    headers = {"Gantry-Log-Offset": "900", "Gantry-Log-Complete": "true" if over else "false"}
    return Response(text, mimetype="text/html", headers=headers)


def counts() -> dict[str, str]:
    """What the sidebar counts."""
    return {"runs": "3", "queue": "1"}


def search() -> str:
    """What the command palette found."""
    return render_template("sink/_found.html")


ROUTES = (
    ("/events", events),
    ("/counts", counts),
    ("/search", search),
    ("/runs/128/log", log_fragment),
    ("/", page),
    ("/<name>", page),
)

if __name__ == "__main__":
    create_app().run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 5055, threaded=True)
