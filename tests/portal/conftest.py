"""Real configurations through a running portal, in this process."""

from tests.portal.fixtures import (
    make_portal,
    module_portal,
    portal,
    portal_kind,
    portal_settings,
)

__all__ = ["make_portal", "module_portal", "portal", "portal_kind", "portal_settings"]
