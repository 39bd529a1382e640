"""The world most tests happen in: five people, a project, two stacks, two workspaces.

Ada is an administrator. Alice owns, Dave deploys and Vera views the project `shop` and the
workspaces `staging` and `prod`. Sam sees nothing of it.
"""

from dataclasses import dataclass, field

from models.base import db
from models.member import Role
from models.project import Deployment, Project, Stack, Workspace
from models.user import User
from services import tokens
from services.access import Actor, person
from tests import factories


@dataclass
class World:
    """Who and what there is. Actors are made anew when asked for: they hold today's roles."""

    people: dict[str, User]
    project: Project
    stack: Stack
    draft_stack: Stack
    staging: Workspace
    prod: Workspace
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def ada(self) -> Actor:
        return self.actor("ada")

    @property
    def alice(self) -> Actor:
        return self.actor("alice")

    @property
    def dave(self) -> Actor:
        return self.actor("dave")

    @property
    def vera(self) -> Actor:
        return self.actor("vera")

    @property
    def sam(self) -> Actor:
        return self.actor("sam")

    def actor(self, name: str) -> Actor:
        """The actor somebody is now."""
        return person(self.people[name], address="192.0.2.7", request_id="test")

    def token_of(self, name: str) -> str:
        """The text of somebody's API token, which may do all its owner may."""
        if name not in self._tokens:
            self._tokens[name] = tokens.create(self.actor(name), "test").text
        return self._tokens[name]

    def deployment(self, workspace: Workspace | None = None) -> Deployment:
        """The stack's deployment in a workspace (staging), made if it is not there."""
        found: Deployment = factories.deployment(self.stack, workspace or self.staging)
        return found


def build() -> World:
    """Make the world, in one transaction."""
    people = {
        name: factories.user(name, is_admin=name == "ada")
        for name in ("ada", "alice", "dave", "vera", "sam")
    }
    project = factories.project("shop")
    staging, prod = factories.workspace("staging"), factories.workspace("prod", protected=True)
    stack = factories.stack(project, "web")
    draft_stack = factories.stack(project, "sketch", published=False)
    roles = {"alice": Role.OWNER, "dave": Role.DEPLOYER, "vera": Role.VIEWER}
    for name, role in roles.items():
        for place in (project, staging, prod):
            factories.member(people[name], place, role)
    db.session.commit()
    return World(people, project, stack, draft_stack, staging, prod)
