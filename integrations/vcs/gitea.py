"""Gitea and Forgejo: GitHub's wire format, but for the names of headers and the place of the API.

Webhooks: https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks/
(signature: `X-Gitea-Signature` or `X-Forgejo-Signature`, plain hexadecimal; the body has GitHub's
form). API: commit statuses, issue comments under /api/v1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from integrations.vcs import reading, signing
from integrations.vcs.event import Event
from integrations.vcs.github import GitHub, event_of

NAMES = ("gitea", "forgejo", "gogs")


class Gitea(GitHub):
    """Gitea's wire format; Forgejo's is the same under another name."""

    title = "Gitea or Forgejo"
    clone_user = "gantry"
    page_size = "limit"  # Gitea may ignore it, and the page, and answers with all comments then.

    def is_signed(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """By the HMAC in the header of either name."""
        digest = _header(headers, "signature")
        return bool(digest) and signing.is_hmac(secrets, body, digest)

    def delivery_id(self, headers: Mapping[str, str], _body: bytes) -> str:
        """Gitea's own."""
        return _header(headers, "delivery")

    def read(self, headers: Mapping[str, str], body: bytes) -> Event:
        """As GitHub's, but it does not say whether a push was forced: git has the last word."""
        name, sent = _header(headers, "event"), reading.payload(headers, body)
        event = event_of("pull_request" if name == "pull_request_sync" else name, sent)
        return replace(event, has_all_paths=False)

    def pull_refs(self, number: int) -> tuple[str, str]:
        """The head is kept; of a merge result there is no ref."""
        return f"refs/pull/{number}/head", ""

    def api(self, base: str) -> str:
        """Below the server's own address."""
        return f"{base}/api/v1"

    def headers(self, token: str) -> dict[str, str]:
        """What each call says of itself, and with whose token."""
        return {
            "Accept": "application/json",
            "Authorization": f"token {token}",
            "User-Agent": "gantry",
        }


def _header(headers: Mapping[str, str], what: str) -> str:
    found = (headers.get(f"x-{name}-{what}", "") for name in NAMES)
    return next(filter(None, found), "")
