"""The secrets of an integration: sealed together, written and never read back by a page."""

import json
from collections.abc import Mapping

from integrations.git import Credentials, Login, SshKey
from integrations.vcs import SERVICES
from models.vcs import VcsIntegration
from services.house import house

NAMES = ("token", "ssh_key", "webhook_secret", "old_webhook_secret")


def opened(integration: VcsIntegration) -> dict[str, str]:
    """The secrets by name, in clear: for those who ask the service, never for a page."""
    if integration.sealed is None:
        return {}
    found = house().keyring.decrypt(integration.sealed, _context(integration))
    kept: dict[str, str] = json.loads(found)
    return kept


def keep(integration: VcsIntegration, changes: Mapping[str, str]) -> None:
    """Put secrets in place of what was there; an empty one takes it away."""
    kept = {name: text for name, text in (opened(integration) | dict(changes)).items() if text}
    clear = json.dumps(kept, sort_keys=True).encode()
    integration.sealed = house().keyring.encrypt(clear, _context(integration)) if kept else None
    integration.holds = sorted(kept)


def reseal(integration: VcsIntegration) -> None:
    """Put the secrets under the keyring's primary key."""
    if integration.sealed is not None:
        integration.sealed = house().keyring.reencrypt(integration.sealed, _context(integration))


def for_git(integration: VcsIntegration, url: str) -> Credentials | None:
    """What git signs in with at this address of the integration, or None for nothing."""
    kept = opened(integration)
    if url.startswith("ssh:"):
        key = kept.get("ssh_key")
        return SshKey(key, integration.known_hosts) if key else None
    token = kept.get("token")
    if not token or not url.startswith(("https:", "http:")):
        return None
    service = SERVICES.get(integration.kind)
    return Login(integration.username or (service.clone_user if service else "git"), token)


def _context(integration: VcsIntegration) -> str:
    return f"vcs_integration:{integration.id}"
