"""Schemas of shapes and bodies for the description of the API, and examples made of them."""

import ast
import copy
import inspect
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from blueprints._shared.describe import Some
from blueprints._shared.forms import Body

Json = dict[str, Any]
_REF = "#/components/schemas/"


class Schemas:
    """The schemas that calls refer to, by name; two of one name must be the same."""

    def __init__(self) -> None:
        self._all: dict[str, Json] = {}

    def all(self) -> dict[str, Json]:
        """Every schema by name."""
        return dict(sorted(self._all.items()))

    def add(self, name: str, schema: Json) -> None:
        """Keep a schema.

        Raises:
            ValueError: when the name has another already.
        """
        known = self._all.setdefault(name, schema)
        if known != schema:
            raise ValueError(f"Two different schemas are called {name}: rename one of them.")

    def get(self, reference: str) -> Json:
        """The schema that a reference leads to."""
        return self._all[reference.removeprefix(_REF)]

    def reference(self, model: Any) -> Json:
        """A reference to the schema of a model; a list of models has its own, without a name."""
        if isinstance(model, Some):
            return self._partly(model.shape)
        schema = self._made(model)
        name = getattr(model, "__name__", "") if isinstance(model, type) else ""
        if not name or "properties" not in schema:
            return schema
        self.add(name, schema)
        return {"$ref": f"{_REF}{name}"}

    def _partly(self, shape: Any) -> Json:
        """A reference to a schema without needed fields, or (of a list) without those of items."""
        whole = self.get(self.reference(shape)["$ref"])
        items = whole["properties"].get("items", {}).get("items")
        if items is None:
            name, part = f"SomeOf{shape.__name__}", {**whole, "required": []}
        else:
            item = items["$ref"].removeprefix(_REF)
            self.add(f"SomeOf{item}", {**self.get(items["$ref"]), "required": []})
            some = {"type": "array", "items": {"$ref": f"{_REF}SomeOf{item}"}}
            said = {**whole["properties"]["items"], **some}
            fields = {**whole["properties"], "items": said}
            name, part = f"SomeOf{shape.__name__}", {**whole, "properties": fields}
        self.add(name, part)
        return {"$ref": f"{_REF}{name}"}

    def inline(self, shape: Any) -> Json:
        """The schema of a shape itself, to be changed at will."""
        return copy.deepcopy(self._made(shape))

    def _made(self, model: Any) -> Json:
        schema = TypeAdapter(model).json_schema(ref_template=_REF + "{model}")
        is_body = isinstance(model, type) and issubclass(model, BaseModel)
        for name, part in schema.pop("$defs", {}).items():
            self.add(name, _finished(name, part))
        if is_body or schema.get("type") == "array":
            return _finished(getattr(model, "__name__", ""), schema)
        return self._inherited(model, _opened(schema))

    def _inherited(self, shape: Any, schema: Json) -> Json:
        """With the texts of the shape's parents: pydantic reads those of its own fields only."""
        for parent in getattr(shape, "__orig_bases__", ()):
            if hasattr(parent, "__annotations__"):
                for name, part in self._made(parent)["properties"].items():
                    own = schema["properties"][name]
                    own.setdefault("description", part.get("description", ""))
        return schema


def _finished(name: str, schema: Json) -> Json:
    body = _bodies().get(name)
    return _opened(schema) if body is None else _told(body, schema)


def _opened(schema: Json) -> Json:
    """An answer may get further fields one day; clients should not mind."""
    return _untitled(
        {name: part for name, part in schema.items() if name != "additionalProperties"}
    )


def _told(body: type[BaseModel], schema: Json) -> Json:
    """The schema of a body with the texts under its fields."""
    said = {n: t for each in reversed(body.__mro__) for n, t in _texts(each).items()}
    for name, part in schema.get("properties", {}).items():
        if name in said:
            part.setdefault("description", said[name])
    return _untitled(schema)


def _untitled(schema: Json) -> Json:
    """Without the titles that pydantic makes of names: they say nothing new."""
    schema.pop("title", None)
    for part in schema.get("properties", {}).values():
        part.pop("title", None)
    return schema


@cache
def _bodies() -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {}
    waiting: list[type[BaseModel]] = [Body]
    while waiting:
        each = waiting.pop()
        found[each.__name__] = each
        waiting += each.__subclasses__()
    return found


@cache
def _texts(model: type) -> dict[str, str]:
    """The texts under the fields of a class, by field."""
    if not issubclass(model, BaseModel) or model is BaseModel:
        return {}
    tree = ast.parse(Path(inspect.getfile(model)).read_text(encoding="utf-8"))
    mine = next(
        (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == model.__name__),
        None,
    )
    body = mine.body if mine else []
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def example_of(schema: Json, schemas: Schemas) -> Any:
    """An example that fits a schema, put together from the examples of its fields."""
    said = [*schema.get("examples", ()), *schema.get("enum", ())]
    if said:
        return said[0]
    choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if "$ref" in schema or choices:
        chosen = schemas.get(schema["$ref"]) if "$ref" in schema else choices[0]
        return example_of(chosen, schemas)
    if "default" in schema:
        return schema["default"]
    items = schema.get("items", {})
    listed = [example_of(items, schemas)] if "$ref" in items or "examples" in items else []
    usual = {"string": "", "boolean": False, "integer": 0, "number": 0, "array": listed}
    return usual.get(schema.get("type", ""), _whole(schema, schemas))


def _whole(schema: Json, schemas: Schemas) -> Json:
    """An object with what it needs, and what it may have and an example is given of."""
    needed = schema.get("required", ())
    return {
        name: example_of(part, schemas)
        for name, part in schema.get("properties", {}).items()
        if name in needed or (part.get("examples") or [None])[0] is not None
    }
