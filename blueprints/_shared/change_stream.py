"""A run's whole change document, sent piece by piece: no memory, and no connection between two."""

from collections.abc import Iterator

from flask import Flask, Response

from blueprints._shared import current
from models.run import Run
from services.runs import change_pages


def answer(run: Run) -> Response:
    """The document as a streamed answer.

    Raises:
        NotFound: when the run has none.
    """
    first = change_pages.as_json(run, None)
    return Response(_pieces(current.app(), run, *first), content_type="application/json")


def _pieces(app: Flask, run: Run, piece: str, after: int | None) -> Iterator[bytes]:
    yield piece.encode()
    while after is not None:
        with app.app_context():
            piece, after = change_pages.as_json(run, after)
        yield piece.encode()
