"""Bytes kept encrypted: they come back as they were, and stand nowhere in clear."""

import hashlib

import pytest

from lib.crypto import CannotDecrypt
from models.blob import Blob
from services import blobs
from services.errors import NotFound
from services.transaction import session, transaction


def test_bytes_come_back_as_they_were(app):
    with transaction():
        kept = blobs.put("state", b"a plan with a password")

    assert blobs.read(kept.id) == b"a plan with a password"
    assert kept.sha256 == hashlib.sha256(b"a plan with a password").hexdigest()
    assert b"password" not in session().get(Blob, kept.id).data


def test_bytes_moved_to_another_row_do_not_open(app):
    with transaction():
        one, other = blobs.put("state", b"one"), blobs.put("state", b"other")
        one.data = other.data

    with pytest.raises(CannotDecrypt):
        blobs.read(one.id)


def test_what_was_dropped_is_gone(app):
    with transaction():
        kept = blobs.put("state", b"one")
    with transaction():
        blobs.drop(kept.id)
    session().expire_all()

    with pytest.raises(NotFound):
        blobs.read(kept.id)
