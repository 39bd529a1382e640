"""Every engine, renderer and collector, one line each.

A supervisor looks up renderers and collectors by the names that steps carry; the application makes
the engines once and hands them to those who need them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engines.base import Engine, Json, Renderer
from engines.terraform import plan_document, render


@dataclass(frozen=True)
class EngineOptions:
    """What an installation may set. ``search_path`` is a PATH; ``with_fake`` is for tests."""

    terraform_path: Path | None = None
    search_path: str = "/usr/local/bin:/usr/bin:/bin"
    with_fake: bool = False


def engines(options: EngineOptions) -> dict[str, Engine]:
    """Return the engines by name."""
    # Imported late: supervisors load this module too, and need renderers and collectors alone.
    from engines import fake  # noqa: PLC0415 - as said above
    from engines.terraform.detection import Detection  # noqa: PLC0415 - as said above
    from engines.terraform.engine import Terraform  # noqa: PLC0415 - as said above

    known: list[Engine] = [Terraform(Detection(options.terraform_path, options.search_path))]
    if options.with_fake:
        known.append(fake.Fake())
    return {engine.name: engine for engine in known}


def renderer(name: str) -> Renderer:
    """Return a new renderer, as a step names it. Raises KeyError for a name nobody has."""
    return _RENDERERS[name]()


def collect(name: str, arguments: Mapping[str, str]) -> dict[str, Json]:
    """Do what a step's ``Collect`` asks; return the facts.

    Raises KeyError for a name nobody has, ValueError with a sentence when the files are not as they
    should be, and OSError.
    """
    return _COLLECTORS[name](arguments)


def _collect_plan(arguments: Mapping[str, str]) -> dict[str, Json]:
    """Write the change document; the plan in clear is removed, whatever happens."""
    plan_json = Path(arguments["plan_json"])
    engine = {"name": arguments["name"], "version": arguments["version"]}
    try:
        return plan_document.collect_plan(plan_json, Path(arguments["out_dir"]), engine)
    finally:
        plan_json.unlink(missing_ok=True)


def _collect_providers(arguments: Mapping[str, str]) -> dict[str, Json]:
    from engines.terraform import providers  # noqa: PLC0415 - rarely needed, and not small

    added = providers.take_in(Path(arguments["staging"]), Path(arguments["store"]))
    return {"added": added}


_RENDERERS: dict[str, Callable[[], Renderer]] = {
    "verbatim": render.Verbatim,
    "terraform": render.JsonStream,
    "terraform-apply": lambda: render.JsonStream(applying=True),
}
_COLLECTORS: dict[str, Callable[[Mapping[str, str]], dict[str, Json]]] = {
    "terraform-plan": _collect_plan,
    "terraform-providers": _collect_providers,
}
