"""Write the table of metrics in docs/howto/observability.md: `python -m scripts.metrics_page`."""

import re
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry

from blueprints._shared.meter import Meter
from services.metrics import Exposition

PAGE = Path(__file__).resolve().parent.parent / "docs" / "howto" / "observability.md"
TABLE = re.compile(r"(?<=<!-- metrics -->\n).*(?=<!-- end of metrics -->)", re.DOTALL)
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def metrics() -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """(name, kind, what it says, labels) of every metric of Gantry's own."""
    for registry in (Exposition().registry, Meter().registry):
        for collector in _collectors(registry):
            for family in collector.describe():  # type: ignore[attr-defined]  # ours all have it
                labels = tuple(collector._labelnames)  # type: ignore[attr-defined]  # noqa: SLF001 - its only place
                yield family.name, family.type, family.documentation, labels


def _collectors(registry: CollectorRegistry) -> list[object]:
    found = list(registry._collector_to_names)  # noqa: SLF001 - it has no other list of them
    return [each for each in found if hasattr(each, "_labelnames")]


def samples() -> set[str]:
    """The names under which the metrics are scraped."""
    return {name + suffix for name, kind, _, _ in metrics() for suffix in SUFFIXES[kind]}


def text() -> str:
    """The page, with the metrics that there are."""
    rows = "".join(
        f"| `{name + SUFFIXES[kind][0] if kind == 'counter' else name}` | {kind} | "
        f"{', '.join(f'`{label}`' for label in labels)} | {said} |\n"
        for name, kind, said, labels in sorted(metrics())
    )
    table = "| metric | kind | labels | |\n| --- | --- | --- | --- |\n" + rows
    return TABLE.sub(lambda _: table, PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
