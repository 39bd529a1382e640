"""Bytes kept encrypted in the database: configurations, plan bundles, states."""

import hashlib

from sqlalchemy import delete

from lib import ids
from models.blob import Blob
from services.errors import NotFound
from services.house import house
from services.transaction import session


def put(kind: str, data: bytes) -> Blob:
    """Keep bytes; part of the caller's transaction. `sha256` and `size_bytes` are of the clear."""
    blob_id = ids.new_id()
    blob = Blob(
        id=blob_id,
        kind=kind,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        data=house().keyring.encrypt(data, _context(blob_id)),
    )
    session().add(blob)
    session().flush()
    return blob


def read(blob_id: str) -> bytes:
    """The bytes that were kept.

    Raises:
        NotFound: when they are gone.
    """
    blob = session().get(Blob, blob_id)
    if blob is None:
        raise NotFound("What was kept here has been removed.")
    return house().keyring.decrypt(blob.data, _context(blob_id))


def reseal(blob: Blob) -> None:
    """Put bytes under the keyring's primary key."""
    blob.data = house().keyring.reencrypt(blob.data, _context(blob.id))


def drop(blob_id: str) -> None:
    """Forget bytes; part of the caller's transaction."""
    session().execute(delete(Blob).where(Blob.id == blob_id))


def _context(blob_id: str) -> str:
    return f"blob:{blob_id}"
