"""What is said about a run: by people, by the engine, and what is attached to it."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.nouns import Json, instant, moment
from blueprints._shared.shapes import Instant, PersonName, list_of, shape
from blueprints._shared.shapes.run_parts import Comment
from models.run_history import RunComment, RunMetadata
from services.page import Page
from services.runs import reading
from services.runs.reading import Complaint

blueprint = api.blueprint("run_notes", __name__, tag="run")


@shape
class Metadata(TypedDict):
    """A string that somebody attached to a run, such as a signature."""

    verb: Annotated[str, Field(examples=["confirm"])]
    """With which verb it came."""
    text: Annotated[str, Field(examples=["sig:MEUCIQD…"])]
    """The string, as it was sent."""
    author: PersonName
    """Who sent it."""
    at: Instant
    """When."""


@shape
class Diagnostic(TypedDict):
    """Something the engine complained about."""

    severity: Annotated[str, Field(examples=["error"])]
    """How bad it is: `error` or `warning`."""
    summary: Annotated[str, Field(examples=["Reference to undeclared input variable"])]
    """What it is, in a line."""
    detail: Annotated[str, Field(examples=["There is no variable named “sice”."])]
    """More about it."""
    address: Annotated[str, Field(examples=["aws_instance.web"])]
    """The resource that it is about; empty for none."""
    file: Annotated[str, Field(examples=["main.tf"])]
    """The file that it is in; empty when that is not known."""
    line: Annotated[int | None, Field(examples=[12])]
    """The line of the file."""
    log_line: Annotated[int | None, Field(examples=[104])]
    """The line of the log where it stands; null when it is not found there."""


@blueprint.get("/runs/<run_id>/comments")
@describe(list_of(Comment))
def comments(run_id: str) -> Json:
    """List the comments on a run.

    The newest first, 500 at the most.
    """
    run = reading.get(current.actor(), run_id)
    return api.listing(Page(reading.comments(run)), _comment)


@blueprint.get("/runs/<run_id>/diagnostics")
@describe(list_of(Diagnostic))
def diagnostics(run_id: str) -> Json:
    """List what the engine complained about.

    Errors first, with the file and line that they are about.
    """
    run = reading.get(current.actor(), run_id)
    return api.listing(Page(reading.complaints(run)), _diagnostic)


@blueprint.get("/runs/<run_id>/metadata")
@describe(list_of(Metadata))
def metadata(run_id: str) -> Json:
    """List what was attached to a run.

    The strings that came with its making and with the verbs since, as they came.
    """
    run = reading.get(current.actor(), run_id)
    return api.listing(Page(reading.attached(run)), _metadata)


def _comment(row: RunComment) -> Comment:
    return {"id": row.id, "at": instant(row.at), "author": row.author_name, "text": row.text}


def _diagnostic(each: Complaint) -> Diagnostic:
    return {
        "severity": each.severity,
        "summary": each.summary,
        "detail": each.detail,
        "address": each.address,
        "file": each.file,
        "line": each.line,
        "log_line": each.log_line,
    }


def _metadata(row: RunMetadata) -> Metadata:
    return {"verb": row.verb, "text": row.text, "author": row.author_name, "at": moment(row.at)}
