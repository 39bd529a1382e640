"""Files that a run is given beside its code: attachments of the mail behind it, kept sealed."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from models.run import Run
from models.run_content import RunFile
from services import blobs
from services.transaction import session


def keep(run: Run, files: Sequence[tuple[str, bytes]]) -> None:
    """Keep a run's files as (path in the working directory, content), in the caller's transaction.

    The paths are plain and relative: who gives them has made them so.
    """
    if not files:
        return
    for path, data in files:
        blob = blobs.put("run file", data)
        row = RunFile(run_id=run.id, path=path, blob_id=blob.id, size_bytes=len(data))
        session().add(row)
    session().flush()


def of(run_id: str) -> Iterator[tuple[str, bytes]]:
    """(path, content) of each file, by path."""
    rows = select(RunFile).where(RunFile.run_id == run_id).order_by(RunFile.path)
    for row in session().scalars(rows).all():
        yield row.path, blobs.read(row.blob_id)
