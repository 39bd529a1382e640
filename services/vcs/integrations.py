"""Integrations: a service that hosts repositories, with the credentials to use it.

Administrators keep those of the instance, which every project may link its stacks to; a project's
owners keep those of their project. Secrets are sealed, and written only.
"""

import datetime as dt
import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from lib import clock, ids
from models import vcs_lists
from models.project import Project
from models.vcs import VcsIntegration, VcsRepository
from services import audit, edits
from services.access import Action, Actor, can, require, require_admin, visible
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.fields import Fields
from services.house import house
from services.transaction import is_duplicate, session, transaction
from services.vcs import secrets
from services.vcs.fields import (
    ADDRESSES,
    DEFAULTS,
    KINDS,
    SECRETS,
    checked_secrets,
    checked_settings,
)

OLD_SECRET_KEPT = dt.timedelta(hours=24)
"""How long the webhook secret before the present one is good, so that nothing sent is lost."""


@dataclass(frozen=True)
class IntegrationLine:
    """An integration as lists show it, with its project, or None for the instance's."""

    integration: VcsIntegration
    project: Project | None


@dataclass(frozen=True)
class Made:
    """An integration and, this once, the webhook secret that was made for it."""

    integration: VcsIntegration
    webhook_secret: str


def create(actor: Actor, project: Project | None, *, name: str, kind: str, **settings: Any) -> Made:
    """Make an integration, of a project or (by administrators) of the instance.

    `settings` are those of `fields.DEFAULTS` and the secrets of `fields.SECRETS`. A service gets a
    webhook secret, if none is given.

    Raises:
        Invalid: with a sentence per field.
        Conflict: when there is one of this name already.
    """
    _require_manager(actor, project)
    fields = Fields()
    slug = fields.slug("name", name)
    fields.choice("kind", kind, KINDS)
    given = {each: settings.pop(each, None) for each in SECRETS}
    base = KINDS[kind].base_url if kind in KINDS else ""
    wanted = {**DEFAULTS, **settings, "base_url": settings.get("base_url") or base}
    checked = checked_settings(fields, kind, wanted)
    kept = checked_secrets(fields, {n: text for n, text in given.items() if text is not None})
    fields.done()
    text = ""
    if KINDS[kind].has_webhooks and not kept.get("webhook_secret"):
        text = kept["webhook_secret"] = random.token_urlsafe(32)
    with transaction() as here:
        row = VcsIntegration(
            id=ids.new_id(),
            project_id=project.id if project else None,
            place=project.id if project else "",
            name=slug,
            kind=kind,
            created_by_name=actor.name,
            **checked,
        )
        secrets.keep(row, kept)
        here.add(row)
        try:
            here.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                raise Conflict(f"There is an integration “{slug}” here already.") from error
            raise
        after = {"name": slug, "kind": kind, **checked, "holds": row.holds}
        audit.record(actor, "vcs_integration.create", row, after=after)
    return Made(row, text)


def get(actor: Actor, integration_id: str) -> VcsIntegration:
    """The integration of this id.

    Raises:
        NotFound: when there is none, or it is of a project that the actor does not see.
    """
    row = session().get(VcsIntegration, integration_id) if ids.is_id(integration_id) else None
    if row is None:
        raise NotFound
    if row.project_id is not None:
        require(actor, Action.SEE, project_of(row))
    elif not actor.bounds.is_open:
        raise NotFound
    return row


def project_of(integration: VcsIntegration) -> Project | None:
    """The project an integration belongs to, or None for the instance."""
    if integration.project_id is None:
        return None
    return session().get(Project, integration.project_id)


def listed(actor: Actor, project: Project | None = None) -> list[IntegrationLine]:
    """The integrations that a project can use, or (without one) all that the actor sees."""
    if project is not None:
        require(actor, Action.SEE, project)
        condition = vcs_lists.usable_in(project.id)
    elif actor.is_admin:
        condition = VcsIntegration.id.is_not(None)
    else:
        condition = visible(actor, VcsIntegration)
        if actor.bounds.is_open:
            condition |= VcsIntegration.project_id.is_(None)
    rows = session().execute(vcs_lists.integrations(condition).limit(500))
    return [IntegrationLine(*row) for row in rows]


def repositories(actor: Actor, integration: VcsIntegration) -> Sequence[tuple[VcsRepository, int]]:
    """The repositories linked through an integration, with the number of deployments of each."""
    get(actor, integration.id)
    rows = session().execute(vcs_lists.repositories_of(integration.id).limit(200))
    return [(row[0], row[1]) for row in rows]


def may_manage(actor: Actor, integration: VcsIntegration) -> bool:
    """Whether the actor may change it."""
    project = project_of(integration)
    return actor.is_admin if project is None else can(actor, Action.EDIT, project)


def edit(
    actor: Actor,
    integration: VcsIntegration,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
) -> VcsIntegration:
    """Change settings and secrets; a secret of None stays, an empty one is taken away.

    Raises:
        Invalid: with a sentence per field; also when the address changes and the token does not
            come anew: nobody may send a token that they cannot read to a place of their choice.
        ChangedMeanwhile: when `version` is given and no longer holds.
    """
    require_manager(actor, integration)
    fields = Fields()
    for name in {"name", "kind"} & changes.keys():
        fields.add(name, "This never changes. Make another integration instead.")
    given = {each: changes[each] for each in SECRETS if changes.get(each) is not None}
    settings = {
        name: value for name, value in changes.items() if name not in {*SECRETS, "name", "kind"}
    }
    checked = checked_settings(fields, integration.kind, settings)
    kept = checked_secrets(fields, given)
    for name, problem in _unsent(integration, checked, kept).items():
        fields.add(name, problem)
    fields.done()
    with transaction():
        row = edits.locked(integration)
        before = {name: getattr(row, name) for name in checked}
        if version is not None and row.version != version:
            raise edits.ChangedMeanwhile({n: v for n, v in before.items() if v != checked[n]})
        for name, value in checked.items():
            setattr(row, name, value)
        secrets.keep(row, kept)
        row.version += 1
        after = {**checked, "secrets_given": sorted(kept)}
        audit.record(actor, "vcs_integration.edit", row, before=before, after=after)
        _plan_polls(row)
    return row


def rotate(actor: Actor, integration: VcsIntegration) -> Made:
    """Make a new webhook secret; the old one is good for a day more.

    Raises:
        Conflict: for plain git, which has no webhooks.
    """
    require_manager(actor, integration)
    if not KINDS[integration.kind].has_webhooks:
        raise Conflict("Plain git sends no webhooks, so there is no secret.")
    text = random.token_urlsafe(32)
    with transaction():
        row = edits.locked(integration)
        old = secrets.opened(row).get("webhook_secret", "")
        secrets.keep(row, {"webhook_secret": text, "old_webhook_secret": old})
        row.old_secret_until = clock.now() + OLD_SECRET_KEPT
        row.version += 1
        audit.record(actor, "vcs_integration.rotate", row)
    return Made(row, text)


def webhook_secrets(integration: VcsIntegration) -> tuple[str, ...]:
    """The secrets with which a delivery may be signed now."""
    kept = secrets.opened(integration)
    until = integration.old_secret_until
    old = kept.get("old_webhook_secret") if until and clock.now() < until else None
    return tuple(filter(None, (kept.get("webhook_secret"), old)))


def delete(actor: Actor, integration: VcsIntegration, *, confirm: str) -> None:
    """Delete an integration with its links and deliveries; runs stay.

    Raises:
        Invalid: when `confirm` is not its name.
    """
    require_manager(actor, integration)
    if confirm != integration.name:
        raise Invalid({"confirm": f"Type “{integration.name}” to delete it."})
    with transaction() as here:
        row = edits.locked(integration)
        audit.record(actor, "vcs_integration.delete", row, before={"name": row.name})
        here.delete(row)


def want_check(actor: Actor, integration: VcsIntegration, repository: str = "") -> VcsIntegration:
    """Have a worker really ask the service; what it says is found on the integration.

    `repository` is one to look at, too; plain git needs one, if none is linked yet.
    """
    require_manager(actor, integration)
    fields = Fields()
    name = fields.text("repository", repository, 255)
    if name:
        fields.add("repository", KINDS[integration.kind].repository_problem(name))
    fields.done()
    with transaction():
        row = edits.locked(integration)
        row.check_wanted_at, row.check_repository = clock.now(), name
        audit.record(actor, "vcs_integration.test", row, after={"repository": name})
    return row


def checks_wanted(limit: int) -> Sequence[VcsIntegration]:
    """Integrations that somebody wants to see tested."""
    return session().scalars(vcs_lists.checks_wanted().limit(limit)).all()


def checked(integration_id: str, *, passed: bool, text: str) -> None:
    """Keep what a test has shown."""
    with transaction() as here:
        row = here.get(VcsIntegration, integration_id, with_for_update=True)
        if row is not None:
            row.check_wanted_at, row.checked_at = None, clock.now()
            row.check_passed, row.check_text = passed, text[:2000]


def some_repositories(integration: VcsIntegration, limit: int) -> list[str]:
    """The names of the first few repositories linked through an integration."""
    rows = session().execute(vcs_lists.repositories_of(integration.id).limit(limit))
    return [row[0].name for row in rows]


def clone_url(integration: VcsIntegration, repository: str) -> str:
    """The address at which git finds a repository of the integration."""
    prefix = (integration.clone_url or integration.base_url).rstrip("/")
    ending = ".git" if KINDS[integration.kind].has_webhooks else ""
    return f"{prefix}/{repository.removesuffix(ending)}{ending}"


def hook_url(integration: VcsIntegration) -> str:
    """Where the service is to send its webhooks."""
    return f"{house().base_url.rstrip('/')}/hooks/vcs/{integration.id}"


def require_manager(actor: Actor, integration: VcsIntegration) -> None:
    """Refuse whoever may not change the integration.

    Raises:
        NotFound, Forbidden: by the role on its project; of the instance's all but administrators.
    """
    get(actor, integration.id)
    _require_manager(actor, project_of(integration))


def _require_manager(actor: Actor, project: Project | None) -> None:
    if project is not None:
        require(actor, Action.EDIT, project)
        return
    try:
        require_admin(actor)
    except Forbidden:
        raise Forbidden(
            "Only administrators keep the instance's integrations. A project's owners can make one "
            "of their project's own."
        ) from None


def _unsent(
    integration: VcsIntegration, checked: Mapping[str, Any], kept: Mapping[str, str]
) -> dict[str, str]:
    """A problem for each secret that would go to another address without being given anew."""
    moved = any(
        name in checked and checked[name] != getattr(integration, name) for name in ADDRESSES
    )
    if not moved:
        return {}
    return {
        name: "The address is another one, so give this anew (or take it away)."
        for name in ("token", "ssh_key")
        if name in integration.holds and name not in kept
    }


def _plan_polls(integration: VcsIntegration) -> None:
    """Let each repository be looked at soon, if it is to be at all."""
    due = clock.now() if integration.poll_every_s else None
    for row, _links in session().execute(vcs_lists.repositories_of(integration.id)):
        row.next_poll_at = due
