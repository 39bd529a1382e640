"""The shapes of e-mail triggers and of the mail they receive."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared.shapes import Id, Instant, OneOf, PersonName, Slug, Version, shape
from blueprints._shared.shapes.nouns import RunLink, TypeName
from integrations.mail.known import SERVICES
from models.email import Verdict
from services.emails.mapping import WAYS
from services.emails.trying import SERVICE

Address = Annotated[str, Field(examples=["dave@example.com"])]
Mapping = Annotated[
    dict[str, str], Field(examples=[{"size": "body:size", "order": "attachment:*.yaml"}])
]
Senders = Annotated[str | list[str], Field(examples=["members"])]
VerdictName = Annotated[str, OneOf(Verdict), Field(examples=["accepted"])]


@shape
class TriggerOwner(TypedDict):
    """With whose rights the runs are made."""

    id: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """Their id; null when they are gone, and nothing starts any more."""
    name: PersonName
    """Their name, as it was when they saved the trigger."""


@shape
class EmailTrigger(TypedDict):
    """An address to which people write to start runs of a deployment."""

    id: Id
    """What stays the same whatever it is called."""
    name: Annotated[str, Field(examples=["Orders"])]
    """What people call it."""
    project: Slug
    """The project,"""
    stack: Slug
    """the stack, and"""
    workspace: Slug
    """the workspace of its runs."""
    address: Annotated[
        str | None, Field(examples=["web-4v1k0m8c2x5r7t9w3y6z1a2b3c@in.example.com"])
    ]
    """Where to write to; null for viewers, for whoever knows it may write there."""
    type: TypeName
    """The type of its runs."""
    auto_apply: bool
    """Whether its runs that change things go on without a person."""
    senders: Senders
    """`members`, `anyone`, or a list of addresses and @domains."""
    mapping: Mapping
    """Which variable gets what of a message."""
    attachments: Annotated[str, OneOf(WAYS), Field(examples=["files"])]
    """What becomes of attachments: files whose path the variable holds, or the variable's text."""
    paused: bool
    """Whether mail is refused for now."""
    owner: TriggerOwner
    """Who saved it last: its runs have their rights."""
    received: Annotated[int, Field(examples=[3])]
    """How many messages came so far."""
    last_received_at: Instant | None
    """When the last one came."""
    created_at: Instant
    """When it was made."""
    rotated_at: Instant | None
    """When it got its present address, if not at first."""
    version: Version
    """Rises with each change."""


@shape
class ReceivedEmail(TypedDict):
    """A message that came, and what became of it."""

    id: Id
    """Its id here."""
    trigger: Annotated[str | None, Field(examples=["06gzq1k2v5c8m9r3tw4x"])]
    """The trigger it came to; null when its address is none."""
    verdict: VerdictName
    """`received` until it is looked at; then `accepted`, `refused` or `ignored`."""
    reason: Annotated[str, Field(examples=[""])]
    """Why it started nothing."""
    run: RunLink | None
    """The run it started."""
    sender: Address
    """Its author, as From says."""
    subject: Annotated[str, Field(examples=["Please make it larger"])]
    """Its subject."""
    recipient: Annotated[
        str | None, Field(examples=["web-4v1k0m8c2x5r7t9w3y6z1a2b3c@in.example.com"])
    ]
    """The address it came to; null for viewers."""
    message_id: Annotated[str, Field(examples=["<1234@example.com>"])]
    """Its Message-ID."""
    service: Annotated[str, OneOf([*SERVICES, SERVICE]), Field(examples=["mailgun"])]
    """Who received it."""
    authentication: Annotated[str, Field(examples=["SPF pass · DKIM none · DMARC none"])]
    """What that service found out about its sender."""
    size_bytes: Annotated[int, Field(examples=[2048])]
    """How large it is."""
    repeats: Annotated[int, Field(examples=[0])]
    """How often it came again."""
    received_at: Instant
    """When it came."""
    processed_at: Instant | None
    """When it was looked at."""
    replied_at: Instant | None
    """When its sender was last answered."""
    kept: bool
    """Whether the message itself is still kept."""


@shape
class EmailHeader(TypedDict):
    """One header of a message."""

    name: Annotated[str, Field(examples=["Subject"])]
    """Its name."""
    value: Annotated[str, Field(examples=["Please make it larger"])]
    """Its value, decoded."""


@shape
class EmailHeaders(TypedDict):
    """The headers of a message, in their order."""

    items: list[EmailHeader]
    """The headers."""


@shape
class TriedVariable(TypedDict):
    """A variable that a message would set."""

    name: Annotated[str, Field(examples=["size"])]
    """Its name."""
    value: Annotated[str, Field(examples=["3"])]
    """The beginning of its value."""


@shape
class TriedFile(TypedDict):
    """A file that a message would lay into the working directory."""

    path: Annotated[str, Field(examples=["attachments/order.yaml"])]
    """Where."""
    size_bytes: Annotated[int, Field(examples=[512])]
    """How large it is."""


@shape
class EmailTrial(TypedDict):
    """What would become, or became, of a message that was pasted."""

    verdict: VerdictName
    """The verdict."""
    reason: Annotated[str, Field(examples=[""])]
    """Why it starts nothing."""
    sender: Address
    """Its author, as From says."""
    subject: Annotated[str, Field(examples=["Please make it larger"])]
    """Its subject."""
    variables: list[TriedVariable]
    """What it sets."""
    files: list[TriedFile]
    """What it brings along."""
    run: RunLink | None
    """The run it started; null when it was only tried."""
