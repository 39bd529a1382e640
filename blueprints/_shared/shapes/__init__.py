"""Shapes of what the API answers: typed dictionaries, which mypy checks where they are made.

A shape's docstring and the texts under its fields are the API's documentation. Nothing of this
costs anything when a request is answered; the tests hold every answer against its shape.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, with_config
from pydantic_core import core_schema
from typing_extensions import TypedDict

shape = with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
"""Marks a TypedDict as a shape: exact, and documented by the texts under its fields."""


class OneOf:
    """Holds a text to a few words, which the description lists."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = [str(word) for word in words]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "enum": self.words}

    def _check(self, word: str) -> str:
        if word not in self.words:
            raise ValueError(f"is none of {', '.join(self.words)}")
        return word


Id = Annotated[str, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
Slug = Annotated[str, Field(examples=["shop"])]
Instant = Annotated[
    str,
    Field(
        examples=["2026-11-21T14:00:00Z"],
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
        json_schema_extra={"format": "date-time"},
    ),
]
Title = Annotated[str, Field(examples=["Shop"])]
Email = Annotated[str, Field(examples=["dave@example.com"])]
PersonName = Annotated[str, Field(examples=["Dave"])]
Sha256 = Annotated[str, Field(examples=["9f86d081884c7d659a2feaa0c55ad015" * 2])]
Role = Literal["owner", "deployer", "viewer"]
Version = Annotated[int, Field(examples=[1])]


@shape
class Paging(TypedDict, total=False):
    """How a list is read in pages."""

    limit: Annotated[int, Field(ge=1, le=200, examples=[50])]
    """How many items a page holds at most; 50 when left out."""
    cursor: Annotated[str, Field(examples=["WyIwNmd6cTFrMnY1YzhtOXIzdHc0eCJd"])]
    """Where the page begins: the `next` of the page before. Leave it out for the first page."""


@shape
class Words(TypedDict, total=False):
    """How a list is narrowed to what holds some text."""

    q: Annotated[str, Field(examples=["shop"])]
    """Keeps what has this text in its name or title, in any case."""


@shape
class Deletion(TypedDict, total=False):
    """What makes sure that a deletion is meant."""

    confirm: Annotated[str, Field(examples=["shop"])]
    """The name of what is deleted, typed again. Without it nothing is deleted."""
    abandon_resources: Annotated[bool, Field(examples=[False])]
    """`true` deletes although resources exist there, which then belong to nobody."""


def list_of(item: Any, name: str = "") -> Any:
    """The shape of a list of these: every list of the API is `{"items": […], "next": …}`."""
    items = Annotated[list[item], Field(description="The items of this page, in order.")]
    following = Annotated[
        str | None,
        Field(
            description="The `cursor` of the next page, or null when this is the last one.",
            examples=[None],
        ),
    ]
    fields = {"items": items, "next": following}
    made = TypedDict(name or f"{item.__name__}List", fields)  # type: ignore[misc]  # made at run time
    made.__doc__ = "A page of a list."
    return shape(made)
