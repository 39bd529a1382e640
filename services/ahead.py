"""What is ahead of a deployment by itself: all that may start a run there without a person."""

from collections.abc import Sequence
from dataclasses import dataclass

from models import email as emails
from models import schedule as schedules
from models.drift import DriftVerdict
from models.email import EmailTrigger
from models.project import Deployment, Stack, Workspace
from models.schedule import Purpose, Schedule
from services.access import Action, Actor, require
from services.transaction import session
from services.vcs import links
from services.vcs.links import LinkLine

MOST = 200


@dataclass(frozen=True)
class Ahead:
    """What is to come. `runs` are schedules of runs, the next one first and paused ones last.

    `triggers` are the e-mail addresses that are not paused. `is_draft`: nothing of it starts.
    """

    runs: Sequence[Schedule]
    check: Schedule | None
    destroy: Schedule | None
    link: LinkLine | None
    triggers: Sequence[EmailTrigger]
    drift: DriftVerdict | None
    is_draft: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing starts here by itself."""
        return not (self.runs or self.check or self.destroy or self.link or self.triggers)


def of(actor: Actor, deployment: Deployment) -> Ahead:
    """What is ahead of a deployment, made already or not."""
    require(actor, Action.SEE, deployment)
    here = session()
    stack = here.get_one(Stack, deployment.stack_id)
    rows = here.scalars(schedules.ahead_of(deployment.id).limit(MOST)).all()
    by_purpose = {purpose: [row for row in rows if row.purpose is purpose] for purpose in Purpose}
    triggers = emails.triggers(
        (EmailTrigger.deployment_id == deployment.id) & EmailTrigger.paused.is_(False)
    )
    return Ahead(
        runs=by_purpose[Purpose.RUN],
        check=next(iter(by_purpose[Purpose.DRIFT]), None),
        destroy=next(iter(by_purpose[Purpose.TTL]), None),
        link=links.at(actor, stack, here.get_one(Workspace, deployment.workspace_id)),
        triggers=here.scalars(triggers.limit(MOST)).all(),
        drift=here.get(DriftVerdict, deployment.id),
        is_draft=not stack.published,
    )
