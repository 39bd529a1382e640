"""A portal that is killed while it makes a run: just before its commit, or just after it."""

import json
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from models.base import db
from models.run import Run
from tests import databases


def main():
    """Send what the argument says to an app of this process, and die of it."""
    sent = json.loads(sys.argv[1])
    app = databases.make_app(Path(sent["data_dir"]), database_url=sent["database_url"])

    @event.listens_for(db.session, "after_flush")
    def _mark(session, _context):
        if any(isinstance(each, Run) for each in session.new):
            session.info["has_run"] = True

    @event.listens_for(db.session, sent["moment"])
    def _die(session):
        if session.info.get("has_run"):
            os.kill(os.getpid(), signal.SIGKILL)

    headers = {"Authorization": f"Bearer {sent['token']}", "Idempotency-Key": "dying"}
    app.test_client().post("/api/v1/runs", json=sent["body"], headers=headers)


if __name__ == "__main__":
    main()
