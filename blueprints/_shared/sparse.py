"""Answers with a few fields only, for callers that need no more: `?fields=id,state`."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared.shapes import shape
from services.errors import Invalid

T = TypeVar("T", bound=Mapping[str, Any])


@shape
class Fields(TypedDict, total=False):
    """Which fields are answered."""

    fields: Annotated[str, Field(examples=["id,state,status"])]
    """The names of the fields that are wanted, parted by commas; all when left out."""


def names(known: Any) -> frozenset[str] | None:
    """The fields of this shape that are asked for, or None: all of them.

    Raises:
        Invalid: when one is none of the shape's.
    """
    text = request.args.get("fields", "")
    wanted = frozenset(word.strip() for word in text.split(",") if word.strip())
    strange = sorted(wanted - set(known.__annotations__))
    if strange:
        raise Invalid({"fields": f"There is no field “{strange[0][:60]}” here."})
    return wanted or None


def only(thing: T, wanted: frozenset[str] | None) -> Mapping[str, Any]:
    """The fields of a thing that are wanted, in the order of the whole."""
    if wanted is None:
        return thing
    return {name: value for name, value in thing.items() if name in wanted}
