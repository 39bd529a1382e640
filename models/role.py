"""The three roles."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What someone is to a project or a workspace, weakest first."""

    VIEWER = "viewer"
    DEPLOYER = "deployer"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """0 for the weakest role."""
        return _RANKS[self]


_RANKS = {role: rank for rank, role in enumerate(Role)}
