"""What every noun of the API shares: its blueprint, bodies, lists, keys that count once."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from apiflask import APIBlueprint
from flask import Response, request

from blueprints._shared import current, paging
from blueprints._shared.forms import M, parse
from services import idempotency
from services.errors import TooLarge, Unreadable
from services.page import Page

T = TypeVar("T")
PREFIX = "/api/v1"
LARGEST_BODY_BYTES = 2 << 20
DEEPEST = 40


def blueprint(noun: str, import_name: str, *, tag: str) -> APIBlueprint:
    """The blueprint of a noun, under /api/v1; its calls stand under `tag` in the description."""
    return APIBlueprint(f"api_{noun}", import_name, url_prefix=PREFIX, tag=tag)


def body(model: type[M]) -> M:
    """The JSON sent, as `model`.

    Raises:
        Unreadable: when it is no JSON object.
        TooLarge: when it is too large or nested too deep.
        Invalid: with a sentence for each field that does not hold, unknown ones too.
    """
    return parse(model, json_object())


def json_object() -> dict[str, Any]:
    """The JSON object sent; an empty body is an empty object. Raises as `body`."""
    read = json_value()
    if read is None:
        return {}
    if not isinstance(read, dict):
        raise Unreadable("Send a JSON object.")
    return read


def json_value() -> Any:
    """The JSON value sent, or None for an empty body. Raises as `body`."""
    raw = _raw()
    if not raw.strip():
        return None
    try:
        value = json.loads(raw, parse_constant=_no_constant)
    except RecursionError:
        raise TooLarge(f"The JSON is nested deeper than {DEEPEST} levels.") from None
    except ValueError:
        raise Unreadable("The body is not JSON. Send a JSON object, in UTF-8.") from None
    if _is_deeper(value, DEEPEST):
        raise TooLarge(f"The JSON is nested deeper than {DEEPEST} levels.")
    return value


def _raw() -> bytes:
    if (request.content_length or 0) > LARGEST_BODY_BYTES:
        raise TooLarge(f"A body has at most {LARGEST_BODY_BYTES >> 20} MB.")
    raw = request.get_data()
    if len(raw) > LARGEST_BODY_BYTES:
        raise TooLarge(f"A body has at most {LARGEST_BODY_BYTES >> 20} MB.")
    return raw


def _no_constant(_name: str) -> Any:
    raise ValueError("NaN and infinities are no JSON")


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and arrays nest deeper than this; level by level, without recursion."""
    level = [value]
    for _ in range(levels + 1):
        nested = [each for each in level if isinstance(each, dict | list)]
        inner = (each.values() if isinstance(each, dict) else each for each in nested)
        level = [part for each in inner for part in each if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def listing(page: Page[T], item: Callable[[T], Mapping[str, Any]]) -> dict[str, Any]:
    """A page of a list as every list is answered."""
    following = paging.encode(page.next) if page.next is not None else None
    return {"items": [item(each) for each in page.items], "next": following}


def created(thing: Mapping[str, Any], url: str, *, is_new: bool = True) -> Response:
    """201 with the thing and where it is; 200 when the key had made it before."""
    response = Response(json.dumps(thing), 201 if is_new else 200, content_type="application/json")
    response.headers["Location"] = url
    return response


def instant(at: dt.datetime | None) -> str | None:
    """An instant as RFC 3339 has it, in UTC."""
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if at else None


def no_content() -> Response:
    """204."""
    return Response(status=204)


def once(
    kind: str,
    make: Callable[[], T],
    *,
    name: Callable[[T], str],
    find: Callable[[str], T],
    digest: str | None = None,
) -> tuple[T, bool]:
    """What `make` makes, once per Idempotency-Key; see `services.idempotency.once`.

    `digest` stands for the body where that is not JSON.
    """
    return idempotency.once(current.actor(), asked(kind, digest), make, name=name, find=find)


def asked(kind: str, digest: str | None = None) -> idempotency.Request:
    """What the Idempotency-Key of this request stands for; see `once`."""
    sent = digest or hashlib.sha256(request.get_data()).hexdigest()
    whole = hashlib.sha256(f"{request.method} {request.path}\0{sent}".encode()).hexdigest()
    return idempotency.Request(request.headers.get("Idempotency-Key"), whole, kind)
