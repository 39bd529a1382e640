"""Write the table of calls in docs/api.md from the routes: `make openapi`."""

import re
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from config import Settings

if TYPE_CHECKING:
    from flask import Flask

PAGE = Path(__file__).resolve().parent.parent / "docs" / "api.md"
BASE = "/api/v1"
TABLE = re.compile(r"(?<=<!-- calls -->\n).*(?=<!-- end of calls -->)", re.DOTALL)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def text(app: "Flask") -> str:
    """The page, with the calls that this app answers."""
    kept = PAGE.read_text(encoding="utf-8")
    return TABLE.sub(lambda _: table(calls(app)), kept)


def calls(app: "Flask") -> list[tuple[str, str, str]]:
    """(path below the base, method, what it does in a sentence) of every call of the API."""
    found = []
    for rule in app.url_map.iter_rules():
        said = (app.view_functions[rule.endpoint].__doc__ or "").strip().partition("\n")[0]
        if rule.rule.startswith(BASE) and rule.endpoint.startswith("api_") and said:
            path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule.removeprefix(BASE))
            found += [(path, name, said) for name in METHODS if name in (rule.methods or ())]
    return sorted(found, key=lambda call: (call[0], METHODS.index(call[1])))


def table(found: list[tuple[str, str, str]]) -> str:
    """The calls as a table in Markdown."""
    rows = [f"| `{method} {path}` | {said.replace('|', 'or')} |\n" for path, method, said in found]
    return "| Call | |\n| --- | --- |\n" + "".join(rows)


def main() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder:
        app = import_module("app").create_app(Settings(data_dir=Path(folder)))
    PAGE.write_text(text(app), encoding="utf-8")


if __name__ == "__main__":
    main()
