"""Write docs/settings.md from the table of settings: `python -m scripts.settings_page`."""

from pathlib import Path

from config import Settings, lines

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
HEAD = """# Settings

Environment variables, or the same names in lower case without `GANTRY_` in `gantry.toml` (or in the
file that `GANTRY_CONFIG` names). The environment wins. Each variable can also be given as `…_FILE`,
the path of a file that holds the value, which suits secrets. A malformed value, and an unknown one
in the file, stop the start with a sentence; an unknown `GANTRY_…` variable warns.

This page is written by `python -m scripts.settings_page` from the table in `config.py`.

| Variable | Default | What it does |
| --- | --- | --- |
"""


def text() -> str:
    """The page."""
    rows = []
    for line in lines(Settings()):
        is_path = line.variable == "GANTRY_DATA_DIR"
        default = "`data`, where Gantry is started" if is_path else line.default
        rows.append(f"| `{line.variable}` | {default} | {line.help} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
