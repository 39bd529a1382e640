"""A service with a repository linked to the world's stack, and a git that says what a test says."""

import json

from integrations.git import GitError, Merge, Tips
from models.base import db
from models.run import Run
from models.vcs import VcsDelivery, VcsLink, VcsOutcome
from services.vcs import deliveries, integrations, links, processing
from tests.integrations.vcs import payloads

A, B, C, D = (letter * 40 for letter in "abcd")
TOKEN = "a-token-that-nobody-may-see"


class FakeGit:
    """What git would say: tips by ref, paths by (before, after), and what was asked."""

    def __init__(self, tips=None, changed=None, merged=(), base=A):
        self.refs, self.paths, self.merged, self.base = tips or {}, changed or {}, merged, base
        self.asked = []
        self.is_down = False

    def tips(self, *_):
        self._ask("tips")
        return Tips(self.refs, "main")

    def changed(self, _integration, _repository, before, after):
        self._ask("changed", before, after)
        if (before, after) not in self.paths:
            raise GitError("That commit is gone.")
        return self.paths[before, after]

    def to_merge(self, _integration, _repository, base, head):
        self._ask("to_merge", base, head)
        return Merge(self.base, head, tuple(self.merged))

    def _ask(self, *what):
        self.asked.append(what)
        if self.is_down:
            raise GitError("git.example.com does not answer.")


class Hub:
    """An integration of a kind, with its deliveries; `link` links deployments to team/infra."""

    def __init__(self, world, kind="github", **settings):
        self.world, self.kind = world, kind
        made = integrations.create(
            world.alice,
            world.project,
            name=kind,
            kind=kind,
            token=TOKEN,
            webhook_secret=payloads.SECRET,
            **{"base_url": "https://8.8.8.8", **settings},
        )
        self.integration = made.integration
        self.git = FakeGit()

    def link(self, workspace=None, *, stack=None, actor=None, **settings):
        usual = {"repository": "team/infra", "path": "web", "branch": "main"}
        deployment = links.deployments.ensure(
            stack or self.world.stack, workspace or self.world.staging
        )
        db.session.commit()
        return links.put(
            actor or self.world.alice,
            deployment,
            integration=self.integration.id,
            **{**usual, **settings},
        )

    def send(self, sent, name="push", **how):
        """Deliver as the service does, without dealing with it."""
        headers, body = getattr(payloads, self.kind)(name, sent, **how)
        lower = {key.lower(): value for key, value in headers.items()}
        return deliveries.accept(self.integration.id, lower, body)

    def push(self, **what):
        """Deliver a push and deal with everything that waits."""
        how = {key: what.pop(key) for key in ("delivery",) if key in what}
        accepted = self.send(payloads.push(**what), **how)
        self.work()
        return self.delivery(accepted.delivery_id)

    def pull(self, action="opened", **what):
        accepted = self.send(payloads.pull_request(action, **what), "pull_request")
        self.work()
        return self.delivery(accepted.delivery_id)

    def work(self):
        while (delivery_id := processing.take()) is not None:
            processing.process(delivery_id, self.git)

    @staticmethod
    def delivery(delivery_id):
        db.session.expire_all()
        return db.session.get_one(VcsDelivery, delivery_id)

    @staticmethod
    def outcomes():
        db.session.expire_all()
        return list(db.session.scalars(db.select(VcsOutcome).order_by(VcsOutcome.id)))

    def reasons(self):
        return [each.reason for each in self.outcomes()]

    @staticmethod
    def runs():
        db.session.expire_all()
        return list(db.session.scalars(db.select(Run).order_by(Run.id)))

    @staticmethod
    def links():
        db.session.expire_all()
        return list(db.session.scalars(db.select(VcsLink).order_by(VcsLink.id)))


def github_of(world, **settings):
    return Hub(world, "github", **settings)


def holds(text, secret):
    """Whether a secret stands anywhere in something that can be JSON."""
    return secret in json.dumps(text, default=str)
