"""The description of the API, completed: what calls take, how they refuse, who may call."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from apiflask import APIFlask

from blueprints._shared.forms import Body

PROBLEM = {
    "type": "object",
    "description": "A refusal, as RFC 9457 has it.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence a person can act on."},
        "errors": {
            "type": "object",
            "description": "A sentence for each field that does not hold.",
            "additionalProperties": {"type": "string"},
        },
        "request_id": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "request_id"],
}
REFUSALS = {
    "400": "The request cannot be read.",
    "401": "The token is missing, or no good.",
    "403": "The caller sees it, but may not do this.",
    "404": "There is no such thing, or none the caller may see.",
    "409": "Its present state does not allow it.",
    "413": "Too much was sent.",
    "422": "Fields do not hold; `errors` says which and why.",
    "429": "Too often; try again after `Retry-After` seconds.",
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Makes the request count once: the same key gets the thing that was made.",
}
CHANGING = frozenset({"post", "put", "patch"})


def install(app: APIFlask) -> None:
    """Complete the description when it is first asked for."""
    app.security_schemes = {"token": {"type": "http", "scheme": "bearer"}}

    @app.spec_processor
    def complete(spec: Any) -> Any:
        return _complete(app, spec)


def _complete(app: APIFlask, spec: dict[str, Any]) -> dict[str, Any]:
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    spec["security"] = [{"token": []}]
    views = _views(app)
    for path, calls in spec["paths"].items():
        for method, call in calls.items():
            view = views.get((method, path))
            if view is not None:
                _describe(call, method, view, schemas)
    return spec


def _views(app: APIFlask) -> dict[tuple[str, str], Callable[..., Any]]:
    """The views by method and path, in the words of the description."""
    return {
        (method.lower(), _braces(rule.rule)): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _braces(rule: str) -> str:
    """A path with its variables in braces: `/runs/<run_id>` is `/runs/{run_id}`."""
    return re.sub(r"<(?:[^<>]*:)?([^<>]+)>", r"{\1}", rule)


def _describe(
    call: dict[str, Any], method: str, view: Callable[..., Any], schemas: dict[str, Any]
) -> None:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, text in REFUSALS.items():
        call["responses"].setdefault(status, {"description": text, "content": content})
    model = _taken(view)
    if model is not None and method in CHANGING:
        taken = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= taken.pop("$defs", {})
        schemas[model.__name__] = taken
        reference = {"$ref": f"#/components/schemas/{model.__name__}"}
        call["requestBody"] = {"content": {"application/json": {"schema": reference}}}
    if method == "post":
        call["parameters"] = [*call.get("parameters", []), KEY]


def _taken(view: Callable[..., Any]) -> type[Body] | None:
    """The model that a view parses its body into: a view names it nowhere but in its own code."""
    seen: Mapping[str, Any] = getattr(view, "__globals__", {})
    code = getattr(view, "__code__", None)
    named = (seen.get(name) for name in (code.co_names if code else ()))
    return next((one for one in named if isinstance(one, type) and issubclass(one, Body)), None)
