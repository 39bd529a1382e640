"""Roles are asked of `services.access`, which knows what a token is bound to."""

import re

from tests.rules.test_docs import ROOT

RAW = re.compile(r"\.(?:project|workspace)_roles\b")
# They make actors, or narrow a list that a condition of `access` narrows anyway, or serve pages
# alone, which take no token.
MAY = {
    "services/access.py",
    "services/actors.py",
    "services/audit_log.py",
    "services/drafts.py",
    "services/runs/listing.py",
    "blueprints/_shared/run_list.py",
}


def test_nobody_else_reads_the_roles_themselves():
    found = {
        str(path.relative_to(ROOT))
        for folder in ("services", "blueprints", "scheduler")
        for path in (ROOT / folder).rglob("*.py")
        if RAW.search(path.read_text(encoding="utf-8"))
    }

    assert found - MAY == set(), "use access.visible, visible_places, can or role_at"
