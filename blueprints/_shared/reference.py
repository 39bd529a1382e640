"""The description of the API as its documentation page shows it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app
from markdown_it import MarkdownIt
from markupsafe import Markup

Json = Mapping[str, Any]
NOTHING: Json = {}
_markdown = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class Field:
    """A field of a body or answer, or a parameter. `links` are the shapes that its type names."""

    name: str
    type: str
    links: tuple[str, ...]
    said: Markup
    is_needed: bool = False
    place: str = ""
    example: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a call may answer; `shape` is the name of its shape, `example` what it looks like."""

    status: int
    said: Markup
    media_type: str = ""
    shape: str = ""
    example: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class CallDoc:
    """One call."""

    id: str
    method: str
    path: str
    title: str
    said: Markup
    parameters: tuple[Field, ...]
    body_type: str
    body_shape: str
    body: str
    parts: tuple[Field, ...]
    answers: tuple[Answer, ...]
    refusals: tuple[Answer, ...]
    is_stream: bool


@dataclass(frozen=True)
class Group:
    """The calls of a noun."""

    name: str
    said: Markup
    calls: tuple[CallDoc, ...]


@dataclass(frozen=True)
class Shape:
    """Something that calls take or answer."""

    name: str
    said: Markup
    fields: tuple[Field, ...]
    example: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """The whole description."""

    about: Markup
    groups: tuple[Group, ...]
    shapes: tuple[Shape, ...]


def file() -> Path:
    """The description as `make openapi` wrote it."""
    return Path(current_app.root_path, "docs", "openapi.json")


def read() -> Reference:
    """The description, ready to be shown."""
    spec = json.loads(file().read_bytes())
    calls: dict[str, list[CallDoc]] = {tag["name"]: [] for tag in spec["tags"]}
    for path, methods in spec["paths"].items():
        for method, said in methods.items():
            calls[said["tags"][0]].append(_Reader(spec).call(path, method, said))
    groups = (
        Group(t["name"], prose(t["description"]), tuple(calls[t["name"]])) for t in spec["tags"]
    )
    answers = (a for each in calls.values() for call in each for a in call.answers)
    examples = {answer.shape: answer.example for answer in answers if answer.shape}
    schemas = spec["components"]["schemas"].items()
    shapes = (_shape(name, schema, examples.get(name, "")) for name, schema in schemas)
    return Reference(
        about=prose(spec["info"]["description"]),
        groups=tuple(group for group in groups if group.calls),
        shapes=tuple(shapes),
    )


class _Reader:
    """Reads one call, following its references."""

    def __init__(self, spec: Json) -> None:
        self._parts = spec["components"]

    def call(self, path: str, method: str, said: Json) -> CallDoc:
        content = said.get("requestBody", {}).get("content", {})
        media_type, body = next(iter(content.items()), ("", NOTHING))
        answers = [self._answer(int(s), self._whole(r)) for s, r in said["responses"].items()]
        parts = body.get("schema", {}).get("properties", {}) if "multipart" in media_type else {}
        return CallDoc(
            id=said["operationId"],
            method=method.upper(),
            path=path,
            title=said["summary"],
            said=prose(said["description"]),
            parameters=tuple(self._parameters(said)),
            body_type=media_type,
            body_shape=_name(body.get("schema", {})),
            body=_text(body["example"]) if "example" in body else "",
            parts=tuple(_field(name, part, is_needed=True) for name, part in parts.items()),
            answers=tuple(each for each in answers if each.status < 400),
            refusals=tuple(each for each in answers if each.status >= 400),
            is_stream=any(each.media_type == "text/event-stream" for each in answers),
        )

    def _whole(self, part: Json) -> Json:
        if "$ref" not in part:
            return part
        kind, name = part["$ref"].split("/")[-2:]
        found: Json = self._parts[kind][name]
        return found

    def _parameters(self, said: Json) -> Iterator[Field]:
        for part in map(self._whole, said.get("parameters", ())):
            schema = {"description": part["description"], **part["schema"]}
            if "example" in part:
                schema["examples"] = [part["example"]]
            yield _field(part["name"], schema, is_needed=part.get("required"), place=part["in"])

    def _answer(self, status: int, said: Json) -> Answer:
        media_type, content = next(iter(said.get("content", NOTHING).items()), ("", NOTHING))
        return Answer(
            status=status,
            said=prose(said["description"]),
            media_type=media_type,
            shape=_name(content.get("schema", {})) if status < 400 else "",
            example=_text(content["example"]) if "example" in content else "",
            problems=tuple(content.get("examples", ())),
        )


def _shape(name: str, schema: Json, example: str) -> Shape:
    needed = schema.get("required", ())
    fields = (
        _field(each, part, is_needed=each in needed)
        for each, part in schema.get("properties", {}).items()
    )
    return Shape(
        name,
        prose(schema.get("description", "")),
        tuple(fields),
        example,
        tuple(schema.get("enum", ())),
    )


def _field(name: str, schema: Json, *, is_needed: Any = False, place: str = "") -> Field:
    kind, links = _type(schema)
    example = next(iter(schema.get("examples", ())), None)
    return Field(
        name=name,
        type=kind,
        links=links,
        said=prose(schema.get("description", "")),
        is_needed=bool(is_needed),
        place=place,
        example="" if example is None else example if isinstance(example, str) else _text(example),
        choices=tuple(map(str, schema.get("enum", ()))),
    )


def _type(schema: Json) -> tuple[str, tuple[str, ...]]:
    """The type in words, and the shapes that stand in it."""
    if "$ref" in schema:
        return "", (_name(schema),)
    if choices := schema.get("anyOf"):
        found = [_type(each) for each in choices]
        words = [word for word, _ in found if word]
        return " or ".join(words), tuple(link for _, links in found for link in links)
    if schema.get("type") == "array":
        word, links = _type(schema.get("items", {}))
        return f"list of {word}".strip(), links
    named = {"date-time": "instant", "binary": "file"}.get(schema.get("format", ""))
    return named or schema.get("type", "any JSON"), ()


def _name(schema: Json) -> str:
    if "anyOf" in schema:
        return _name(schema["anyOf"][0])
    if schema.get("type") == "array":
        return _name(schema["items"])
    name: str = schema.get("$ref", "").rpartition("/")[2]
    return name


def _text(example: Any) -> str:
    return (
        example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)
    )


def prose(text: str) -> Markup:
    """Text with marks of Markdown, as HTML."""
    # What is rendered is our own; HTML in it would be escaped all the same.
    return Markup(_markdown.render(text))  # noqa: S704
