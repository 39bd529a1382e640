"""Secret values: sealed with the keyring, each for its own value id, compared by fingerprint."""

import json
from dataclasses import dataclass
from typing import Any

from lib import ids
from models.run_content import RunVariable
from models.variable import Variable
from services.house import house


@dataclass(frozen=True)
class Sealed:
    """A value as it is kept: in clear, or as ciphertext that only its value id opens."""

    value_id: str
    value: Any
    ciphertext: bytes | None
    fingerprint: str


def seal(value: Any, *, secret: bool) -> Sealed:
    """Make of a value what is kept of it, under a new value id."""
    value_id = ids.new_id()
    clear = _bytes(value)
    fingerprint = house().keyring.fingerprint(clear, "variable")
    if not secret:
        return Sealed(value_id, value, None, fingerprint)
    ciphertext = house().keyring.encrypt(clear, _context(value_id))
    return Sealed(value_id, None, ciphertext, fingerprint)


def unseal(value_id: str, ciphertext: bytes) -> Any:
    """The value of a secret, in clear: for the worker that hands it to an engine, never for a page.

    Raises:
        CannotDecrypt: when the keyring lacks the key, or the bytes belong to another value.
    """
    return json.loads(house().keyring.decrypt(ciphertext, _context(value_id)))


def reseal(row: Variable | RunVariable) -> None:
    """Put a kept value under the keyring's primary key, with the fingerprint that goes with it."""
    row.ciphertext, fingerprint = fresh(row.value, row.value_id, row.ciphertext)
    if row.fingerprint is not None:
        row.fingerprint = fingerprint


def fresh(value: Any, value_id: str | None, ciphertext: bytes | None) -> tuple[bytes | None, str]:
    """(ciphertext, fingerprint) of a kept value, under the keyring's primary key."""
    if ciphertext is None:
        return None, house().keyring.fingerprint(_bytes(value), "variable")
    context = _context(value_id or "")
    clear = house().keyring.decrypt(ciphertext, context)
    again = house().keyring.reencrypt(ciphertext, context)
    return again, house().keyring.fingerprint(clear, "variable")


def _bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _context(value_id: str) -> str:
    return f"variable:{value_id}"
