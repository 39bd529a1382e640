"""Signatures of deliveries, compared in constant time on the raw bytes."""

import hashlib
import hmac
from collections.abc import Iterable


def is_hmac(secrets: Iterable[str], body: bytes, hexadecimal: str) -> bool:
    """Whether `hexadecimal` is the HMAC-SHA256 of `body` under one of the secrets."""
    return any(
        same(hmac.digest(secret.encode(), body, hashlib.sha256).hex(), hexadecimal.lower())
        for secret in secrets
        if secret
    )


def is_one_of(secrets: Iterable[str], said: str) -> bool:
    """Whether what was said is one of the secrets."""
    return any(same(secret, said) for secret in secrets if secret)


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "replace"))
