"""Configuration versions: uploaded code, judged before it is kept, pinned by its digest."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lib import archive
from lib.ids import is_id
from models import places
from models.configuration_version import ConfigurationVersion
from models.project import Project
from services import audit, blobs, edits
from services.access import Action, Actor, require_towards
from services.errors import Invalid, NotFound, TooLarge
from services.fields import Fields
from services.house import house
from services.transaction import session, transaction

FILENAME_LIMIT = 255
CHUNK_BYTES = 1 << 20
_MIB = 1 << 20


@dataclass(frozen=True)
class _Judged:
    """An archive that was unpacked for a look, and holds nothing harmful."""

    path: Path
    digest: str
    size_bytes: int
    files: int


def upload(actor: Actor, project: Project, file: BinaryIO, filename: str) -> ConfigurationVersion:
    """Keep a .tar.gz of code. The same bytes in the same project are the same version.

    Raises:
        TooLarge: when there is more of it than the setting allows.
        Invalid: when it is no archive, or one that could do harm; nothing is kept then.
    """
    require_towards(actor, Action.CREATE_RUN, project)
    fields = Fields()
    name = fields.text("file", Path(filename or "archive.tar.gz").name, FILENAME_LIMIT)
    fields.done()
    with tempfile.TemporaryDirectory(prefix="upload-", dir=_uploads()) as room:
        judged = _judge(file, Path(room))
        with transaction():
            return _keep(actor, project, judged, name)


def get(actor: Actor, version_id: str) -> ConfigurationVersion:
    """A configuration version by its id.

    Raises:
        NotFound: when there is none in a project that the actor may see.
    """
    row = session().get(ConfigurationVersion, version_id) if is_id(version_id) else None
    if row is None:
        raise NotFound
    require_towards(actor, Action.SEE, session().get_one(Project, row.project_id))
    return row


def project_name(version: ConfigurationVersion) -> str:
    """The name of the project a version belongs to."""
    return session().get_one(Project, version.project_id).name


def for_worker(version_id: str) -> tuple[ConfigurationVersion, bytes]:
    """A version and its .tar.gz as it was uploaded: for the worker that runs it.

    Raises:
        NotFound: when it is gone.
    """
    row = session().get(ConfigurationVersion, version_id)
    if row is None:
        raise NotFound("The uploaded code of this run has been removed.")
    return row, blobs.read(row.blob_id)


def _uploads() -> Path:
    """Where uploads are looked at: on the data directory's disk, not in a small /tmp."""
    place = house().data_dir / "uploads"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _judge(file: BinaryIO, room: Path) -> _Judged:
    path = room / "upload.tar.gz"
    size_bytes = _copy(file, path, house().upload_limit_bytes)
    try:
        unpacked = archive.extract(path, room / "unpacked")
    except archive.Refused as refusal:
        raise Invalid({"file": str(refusal)}) from refusal
    if unpacked.files == 0:
        raise Invalid({"file": "The archive holds no files."})
    return _Judged(path, archive.digest(path), size_bytes, unpacked.files)


def _copy(file: BinaryIO, path: Path, limit_bytes: int) -> int:
    with path.open("wb") as copy:
        taken = 0
        while chunk := file.read(CHUNK_BYTES):
            taken += len(chunk)
            if taken > limit_bytes:
                raise TooLarge(
                    f"The archive is larger than {limit_bytes // _MIB} MB, the most that is taken. "
                    "Leave out what the code does not need, such as .terraform directories."
                )
            copy.write(chunk)
    return taken


def _keep(actor: Actor, project: Project, judged: _Judged, name: str) -> ConfigurationVersion:
    held = edits.locked(project)  # Two uploads of the same bytes at once make one version.
    found = session().scalars(places.configuration_with_digest(held.id, judged.digest)).first()
    if found is not None:
        return found
    row = ConfigurationVersion(
        project_id=held.id,
        blob_id=blobs.put("configuration", judged.path.read_bytes()).id,
        digest=judged.digest,
        filename=name,
        size_bytes=judged.size_bytes,
        file_count=judged.files,
        created_by_name=actor.name,
    )
    session().add(row)
    session().flush()
    facts = {"filename": name, "digest": judged.digest, "size_bytes": judged.size_bytes}
    audit.record(actor, "configuration_version.create", row, after=facts)
    return row
