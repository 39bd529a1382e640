"""Secrets at rest: keys kept outside the database, values sealed with AES-256-GCM.

A sealed value is `version (1) | key id (8) | nonce (12) | ciphertext and tag`. Header and context
are authenticated with it, so a value moved to another row, or under another key, does not open.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
KEY_ID_BYTES = 8
NONCE_BYTES = 12
HEADER_BYTES = len(VERSION) + KEY_ID_BYTES
SHORTEST_SEALED_BYTES = HEADER_BYTES + NONCE_BYTES + 16
SHORTEST_KEY_CHARACTERS = 32
FINGERPRINT_CHARACTERS = 12

CHECK_CONTEXT = "gantry:check"
CHECK_VALUE = b"this keyring opens what is kept here"


class CannotDecrypt(Exception):
    """A sealed value does not open: another key, another context, or changed bytes."""


class BadKey(Exception):
    """A key, or the file it stands in, cannot be used; the message is a sentence."""


@dataclass(frozen=True)
class Key:
    """One key, made of the text an operator keeps; the text's randomness is all its strength."""

    material: bytes = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> "Key":
        """The key that `text` stands for: 32 characters or more, as `openssl rand -hex 32` prints.

        Raises:
            BadKey: when `text` is shorter than that.
        """
        if len(text) < SHORTEST_KEY_CHARACTERS:
            raise BadKey(
                f"A secret key has {SHORTEST_KEY_CHARACTERS} characters or more; "
                "“openssl rand -hex 32” makes a good one."
            )
        return cls(hashlib.sha256(text.encode()).digest())

    @property
    def id(self) -> bytes:
        """A name of the key that gives nothing of it away."""
        return self.derive("id")[:KEY_ID_BYTES]

    def derive(self, purpose: str) -> bytes:
        """32 bytes that depend on the key and on `purpose`, one key for each use."""
        return hmac.digest(self.material, b"gantry/1/" + purpose.encode(), "sha256")

    def cipher(self) -> AESGCM:
        """What encrypts and decrypts with this key."""
        return AESGCM(self.derive("encrypt"))


class Keyring:
    """A primary key, which seals, and older ones, which still open."""

    def __init__(self, primary: Key, old: Iterable[Key] = ()) -> None:
        self._primary = primary
        keys = [primary, *old]
        self._ciphers = {key.id: key.cipher() for key in keys}
        self._fingerprint_key = primary.derive("fingerprint")

    @classmethod
    def from_text(cls, text: str) -> "Keyring":
        """The keyring of keys parted by white space, the primary first.

        Raises:
            BadKey: when there is none, or one is too short.
        """
        keys = [Key.from_text(word) for word in text.split()]
        if not keys:
            raise BadKey("There is no secret key.")
        return cls(keys[0], keys[1:])

    def encrypt(self, value: bytes, context: str) -> bytes:
        """`value`, sealed so that only the same `context`, such as "variable:<id>", opens it."""
        header = VERSION + self._primary.id
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = self._ciphers[self._primary.id]
        return header + nonce + cipher.encrypt(nonce, value, header + context.encode())

    def decrypt(self, sealed: bytes, context: str) -> bytes:
        """What was sealed for `context`.

        Raises:
            CannotDecrypt: when the keyring lacks the key, the context is another, or the bytes
                have been changed.
        """
        header, nonce = sealed[:HEADER_BYTES], sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        if len(sealed) < SHORTEST_SEALED_BYTES or not header.startswith(VERSION):
            raise CannotDecrypt("This is not a value that Gantry has encrypted.")
        cipher = self._ciphers.get(header[len(VERSION) :])
        if cipher is None:
            raise CannotDecrypt(
                "The key this value was encrypted with is not among the keys given."
            )
        try:
            return cipher.decrypt(
                nonce, sealed[HEADER_BYTES + NONCE_BYTES :], header + context.encode()
            )
        except InvalidTag:
            raise CannotDecrypt("This value has been changed, or belongs elsewhere.") from None

    def reencrypt(self, sealed: bytes, context: str) -> bytes:
        """The same value under the primary key; unchanged when that has sealed it already.

        Raises:
            CannotDecrypt: as `decrypt`.
        """
        value = self.decrypt(sealed, context)
        if sealed[len(VERSION) : HEADER_BYTES] == self._primary.id:
            return sealed
        return self.encrypt(value, context)

    def fingerprint(self, value: bytes, context: str) -> str:
        """12 hexadecimal digits by which values of one context can be compared, not guessed.

        They change with the primary key.
        """
        length = len(context.encode()).to_bytes(4, "big")
        digest = hmac.new(self._fingerprint_key, length + context.encode() + value, "sha256")
        return digest.hexdigest()[:FINGERPRINT_CHARACTERS]

    def derive(self, purpose: str) -> bytes:
        """32 bytes of the primary key for another use, such as signing cookies."""
        return self._primary.derive(f"derived/{purpose}")

    def check_value(self) -> bytes:
        """Something to keep in the database, by which `opens` knows its keys again."""
        return self.encrypt(CHECK_VALUE, CHECK_CONTEXT)

    def opens(self, check_value: bytes) -> bool:
        """Whether this keyring is the one, or a successor of the one, that made `check_value`."""
        try:
            return self.decrypt(check_value, CHECK_CONTEXT) == CHECK_VALUE
        except CannotDecrypt:
            return False


def load_or_create(path: Path) -> Keyring:
    """The keyring in the file `path`; when there is none, one of mode 0600 is made with a new key.

    Raises:
        BadKey: when the file can be read by others than its owner, or holds no good key.
    """
    if not path.exists():
        _create(path, secrets.token_hex(32) + "\n")
    if path.stat().st_mode & 0o077:
        raise BadKey(f"Others can read the secret key in {path}; run “chmod 600 {path}”.")
    try:
        return Keyring.from_text(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadKey(f"The file {path} holds no secret key.") from None


def add_key(path: Path) -> Keyring:
    """Put a new key before those in the file `path`; return the keyring of all.

    Raises:
        BadKey: as `load_or_create`.
    """
    load_or_create(path)
    _replace(path, [secrets.token_hex(32), *path.read_text(encoding="utf-8").split()])
    return load_or_create(path)


def keep_first_key(path: Path) -> tuple[str, ...]:
    """Take all keys but the first out of the file `path`; return them."""
    first, *others = path.read_text(encoding="utf-8").split()
    _replace(path, [first])
    return tuple(others)


def _replace(path: Path, keys: Iterable[str]) -> None:
    """Write the file of keys anew, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("".join(f"{key}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)


def _create(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all; a process that was quicker wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces a key that is there by now.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    _sync(path.parent)


def _sync(directory: Path) -> None:
    """Make the directory's new entries durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
