"""Write docs/openapi.json, the description of the API, from the code: `make openapi`.

The portal serves this very file at /api/v1/openapi.json, so that describing costs it nothing; a
test compares the file with the code. What a call says of itself stands in `describe(…)` beside it.
"""

import inspect
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprints._shared.describe import REFUSALS, TAGS, Call, Content, Upload, call_of
from blueprints._shared.problems import PROBLEM_SCHEMA, PROBLEMS
from config import Settings
from lib.version import VERSION
from scripts.openapi_schemas import Schemas, example_of

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"
BASE = "/api/v1"
Json = dict[str, Any]
_PARAMETERS = {
    "run_id": ("The run's id.", "06gzq1k2v5c8m9r3tw4x"),
    "project": ("The project's name.", "shop"),
    "stack": ("The stack's name in its project.", "web"),
    "workspace": ("The workspace's name.", "staging"),
    "name": ("Its name.", "size"),
    "version": ("The state version's serial or id.", "7"),
    "other": ("The serial or id of the state version to compare with.", "8"),
    "team": ("The team's name or id.", "platform"),
    "account": ("The service account's name or id.", "ci"),
    "user_id": ("The user's id or e-mail address.", "dave@example.com"),
}
"""What the parts of paths mean; one that is not here is “the id of the …”."""

_ABOUT = """\
Everything that Gantry's pages do, programs do over this API, with the same rules about who may.

Send a token with every request: `Authorization: Bearer gty_…`. Make one on your account page.

* **Runs are asynchronous.** `POST /runs` answers before any work is done. Ask again until `status`
  is none of `pending` and `running`, or listen to the run's events.
* **Lists** are `{"items": […], "next": …}`. Send `next` as `cursor` for the next page, until it
  is null.
* **Once only.** Send an `Idempotency-Key` of your own with a POST that makes something; the same
  request again answers what the first one made, and when both come at the same moment, one of
  them waits for the other. A POST that takes no key makes nothing more when it is sent twice; only
  `rotate` makes a further secret each time, of which the last one holds.
* **Ask cheaply.** Send an answer's `ETag` back as `If-None-Match`; nothing new is a 304, without a
  body.
* **Lose nobody's change.** Send the `version` that you saw with what you change; where a whole list
  is replaced, its `ETag` as `If-Match`. What was changed meanwhile is refused, with 409 or 412.
* **Errors** are `application/problem+json`: a stable `type`, and a `detail` for people.
* **Times** are RFC 3339, in UTC. Unknown fields of a body are refused.
"""


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        app = import_module("app").create_app(Settings(data_dir=Path(folder)))
    PAGE.write_text(text(app), encoding="utf-8")


def text(app: "Flask") -> str:
    """The description as the file has it."""
    return json.dumps(description(app), ensure_ascii=False, indent=1) + "\n"


def description(app: "Flask") -> Json:
    """The description of the calls that this app answers."""
    schemas = Schemas()
    schemas.add("Problem", PROBLEM_SCHEMA)
    paths: Json = {}
    for rule, method, view in sorted(calls(app), key=lambda each: (each[0].rule, each[1])):
        call = call_of(view)
        if call is not None:
            said = _Operation(rule, method, view, call, schemas).described(_tag(app, rule))
            paths.setdefault(_braces(rule.rule), {})[method.lower()] = said
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gantry",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.all(),
            "responses": _refusals(),
            "headers": _HEADERS,
            "parameters": {
                "IdempotencyKey": _KEY,
                "IfNoneMatch": _IF_NONE_MATCH,
                "IfMatch": _IF_MATCH,
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of a person or a service account: `gty_…`.",
                }
            },
        },
    }


def calls(app: "Flask") -> "Iterator[tuple[Rule, str, Callable[..., Any]]]":
    """(rule, method, view) of every call of the API."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(BASE) and rule.endpoint.startswith("api_"):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield rule, method, app.view_functions[rule.endpoint]


def words_of(view: Callable[..., Any]) -> tuple[str, str]:
    """(summary, description) of a view: the first line of its docstring, and the rest."""
    first, _, rest = inspect.cleandoc(view.__doc__ or "").partition("\n")
    paragraphs = (" ".join(part.split()) for part in rest.strip().split("\n\n"))
    return first.rstrip("."), "\n\n".join(paragraphs)


class _Operation:
    """One call, in the words of OpenAPI."""

    def __init__(
        self, rule: "Rule", method: str, view: Callable[..., Any], call: Call, schemas: Schemas
    ) -> None:
        self.rule, self.method, self.view, self.call = rule, method, view, call
        self.schemas = schemas

    def described(self, tag: str) -> Json:
        summary, more = words_of(self.view)
        said: Json = {
            "tags": [tag],
            "operationId": self.rule.endpoint.removeprefix("api_").replace(".", "_"),
            "summary": summary,
            "description": more,
        }
        if parameters := [*self._path(), *self._query(), *self._sent()]:
            said["parameters"] = parameters
        if self.call.takes is not None:
            said["requestBody"] = self._body()
        return said | {"responses": self._answers() | self._refused()}

    def _path(self) -> Iterator[Json]:
        for name in re.findall(r"<(?:[^<>]*:)?([^<>]+)>", self.rule.rule):
            noun = name.removesuffix("_id").replace("_", " ")
            said, example = _PARAMETERS.get(
                name, (f"The id of the {noun}.", "06gzq1k2v5c8m9r3tw4x")
            )
            schema: Json = {"type": "string", "minLength": 1}
            yield {
                "name": name,
                "in": "path",
                "required": True,
                "description": said,
                "schema": schema,
                "example": example,
            }

    def _query(self) -> Iterator[Json]:
        for shape in self.call.query:
            whole = self.schemas.inline(shape)
            for name, schema in whole["properties"].items():
                said = schema.pop("description", "")
                schema.pop("title", None)
                yield {
                    "name": name,
                    "in": "query",
                    "required": name in whole.get("required", ()),
                    "description": said,
                    "schema": schema,
                }

    def _sent(self) -> Iterator[Json]:
        for name, said in self.call.sends.items():
            yield {"name": name, "in": "header", "description": said, "schema": {"type": "string"}}
        if self.call.once:
            yield {"$ref": "#/components/parameters/IdempotencyKey"}
        if self.call.is_conditional(self.method):
            yield {"$ref": "#/components/parameters/IfNoneMatch"}
        if self.call.guarded:
            yield {"$ref": "#/components/parameters/IfMatch"}

    def _body(self) -> Json:
        takes = self.call.takes
        match takes:
            case Content():
                content = {takes.media_type: _as_is(takes)}
            case Upload():
                content = {"multipart/form-data": {"schema": _parts(takes)}}
            case _:
                content = {"application/json": self._json(takes)}
        return {"required": self._is_needed(), "content": content}

    def _is_needed(self) -> bool:
        fields = getattr(self.call.takes, "model_fields", None)
        return fields is None or any(field.is_required() for field in fields.values())

    def _json(self, model: Any) -> Json:
        schema = self.schemas.reference(model)
        return {"schema": schema, "example": example_of(schema, self.schemas)}

    def _answers(self) -> Json:
        said = {
            str(status): self._answer(status, each) for status, each in self.call.answers.items()
        }
        if self.call.is_conditional(self.method):
            said["304"] = {"description": "Nothing is new.", "headers": _named("ETag", *_ALWAYS)}
        return said

    def _answer(self, status: int, answers: Any) -> Json:
        headers = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in self.call.headers.items()
        }
        names = [*_ALWAYS]
        if status == 201 or (self.call.once and status == 200 and 201 in self.call.answers):
            names.insert(0, "Location")
        if self.call.is_conditional(self.method):
            names.insert(0, "ETag")
        said: Json = {"description": _MEANINGS.get(status, "Done.")}
        if status == 200 and self.call.once and 201 in self.call.answers:
            said["description"] = "The same request came before; this is what it made."
        said["headers"] = headers | _named(*names)
        content: Json = {}
        for each in answers if isinstance(answers, tuple) else (answers,):
            if isinstance(each, Content):
                # When both are JSON, it is the one that has a shape.
                content.setdefault(each.media_type, _as_is(each))
                said["description"] = each.description or said["description"]
            elif each is not None:
                self._add(content, each)
        return said | ({"content": content} if content else {})

    def _add(self, content: Json, answer: Any) -> None:
        """Put a further shape beside those that an answer of JSON may have."""
        schema = self.schemas.reference(answer)
        known = content.setdefault("application/json", {"schema": schema})
        if known["schema"] != schema:
            choices = known["schema"].get("anyOf", [known["schema"]])
            known["schema"] = {"anyOf": [*choices, schema]}
        known.setdefault("example", example_of(schema, self.schemas))

    def _refused(self) -> Json:
        said: Json = {}
        for status, text in self.call.refusals(self.method, self.rule.rule).items():
            usual = {"$ref": f"#/components/responses/{_slug_of(status)}"}
            is_usual = REFUSALS.get(status) == text
            said[str(status)] = usual if is_usual else _refusal(status, text)
        return said


_MEANINGS = {200: "What was asked for.", 201: "It is made.", 204: "It is done; there is no body."}
_ALWAYS = ("X-Request-Id", "RateLimit", "RateLimit-Policy")
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Makes the request count once. The same key with the same request answers what "
    "was made; with another request it is 409.",
    "example": "deploy-2026-11-21-1",
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The `ETag` of an earlier answer: while it still holds, the answer is 304.",
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The `ETag` of what you saw: when it is another by now, nothing is changed and "
    "the answer is 412.",
}
_HEADERS: Mapping[str, Any] = {
    "ETag": {
        "description": "Names this answer; send it back as `If-None-Match`, or as `If-Match` with "
        "what you put there.",
        "schema": {"type": "string"},
        "example": 'W/"06gzq1k2"',
    },
    "Location": {
        "description": "Where what was made is read.",
        "schema": {"type": "string"},
        "example": "/api/v1/runs/06gzq1k2v5c8m9r3tw4x",
    },
    "RateLimit": {
        "description": "How much of the limit is left (`r`), and in how many seconds it is whole "
        "again (`t`).",
        "schema": {"type": "string"},
        "example": '"token";r=999;t=1',
    },
    "RateLimit-Policy": {
        "description": "How many requests (`q`) in how many seconds (`w`) a token may send.",
        "schema": {"type": "string"},
        "example": '"token";q=1000;w=1',
    },
    "Retry-After": {
        "description": "In how many seconds to try again.",
        "schema": {"type": "integer"},
        "example": 1,
    },
    "X-Request-Id": {
        "description": "Names this request, in the portal's log, too.",
        "schema": {"type": "string"},
        "example": "06gzq1k2v5c8m9r3tw4x",
    },
}


def _named(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _slug_of(status: int) -> str:
    return next(problem.slug for problem in PROBLEMS if problem.status == status)


def _refusals() -> Json:
    return {_slug_of(status): _refusal(status, text) for status, text in REFUSALS.items()}


def _refusal(status: int, text: str) -> Json:
    kinds = [problem for problem in PROBLEMS if problem.status == status]
    examples = {kind.slug: {"summary": kind.title, "value": kind.example()} for kind in kinds}
    names = [*_ALWAYS] if status not in {429, 503} else ["Retry-After", *_ALWAYS]
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": text,
        "headers": _named(*names),
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    }


def _as_is(content: Content) -> Json:
    is_json = content.media_type == "application/json"
    schema = {"type": "object"} if is_json else {"type": "string"}
    return {
        "schema": schema,
        "example": json.loads(content.example) if is_json else content.example,
    }


def _parts(upload: Upload) -> Json:
    parts = {
        name: {"description": said} | (_BINARY if name in upload.files else {"type": "string"})
        for name, said in upload.parts.items()
    }
    return {"type": "object", "properties": parts, "required": list(parts)}


_BINARY = {"type": "string", "contentMediaType": "application/octet-stream", "format": "binary"}


def _tag(app: "Flask", rule: "Rule") -> str:
    blueprint = app.blueprints[rule.endpoint.partition(".")[0]]
    return str(getattr(blueprint, "tag", "instance"))


def _braces(rule: str) -> str:
    """A path with its variables in braces: `/runs/<run_id>` is `/runs/{run_id}`."""
    return re.sub(r"<(?:[^<>]*:)?([^<>]+)>", r"{\1}", rule)


if __name__ == "__main__":
    main()
