"""What of a message becomes which input of a run, as the trigger declares it. Pure.

A source is `subject`, `sender`, `body`, `body:KEY` (a line `KEY: value`) or `attachment:GLOB`. What
a message holds beside what is declared is refused: a slip in a key must not start another run than
its author meant.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from integrations.mail import names, replies
from integrations.mail.message import Message
from integrations.mail.rebuild import Attachment

MOST_SOURCES = 50
LONGEST_GLOB = 100
LONGEST_KEY = 64
LARGEST_TEXT_BYTES = 256 << 10
FOLDER = "attachments"
"""Where attachments lie in the working directory."""

WHOLE = ("subject", "sender", "body")

WAYS = ("files", "variables")
"""What becomes of an attachment: a file, whose path is the variable's value, or its text."""

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_LINE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.-]{0,63})[ \t]*:(?!//)[ \t]*(.*?)[ \t]*")
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature",
                         "application/x-pkcs7-signature", "application/pgp-keys"})  # fmt: skip


class Unfit(Exception):
    """A message that does not fit the mapping; the text says how, for its author."""


@dataclass(frozen=True)
class Inputs:
    """What a run gets of a message: variables, and files as (path in the directory, content)."""

    variables: Mapping[str, str]
    files: Sequence[tuple[str, bytes]] = field(default=(), repr=False)


def problems(mapping: Any) -> dict[str, str]:
    """What is wrong with a mapping that somebody wants to save: a sentence per field."""
    if not isinstance(mapping, dict):
        return {"mapping": "Give an object of variables and where their values come from."}
    if len(mapping) > MOST_SOURCES:
        return {"mapping": f"At most {MOST_SOURCES} variables fit here."}
    found = {f"mapping.{name}": _problem(source) for name, source in mapping.items()}
    wrong = {name: text for name, text in found.items() if text}
    taken = [source.lower() for source in mapping.values() if isinstance(source, str)]
    twice = {one for one in taken if one.startswith("attachment:") and taken.count(one) > 1}
    if twice and not wrong:
        wrong["mapping"] = f"Two variables take the same attachment ({min(twice)})."
    return wrong


def inputs(message: Message, mapping: Mapping[str, str], way: str) -> Inputs:
    """What a run gets of this message; `way` is one of WAYS.

    Raises:
        Unfit: when something is missing, is there twice, or is not declared.
    """
    text = replies.cut(message.text)
    whole = {"subject": message.subject, "sender": message.sender, "body": text}
    values = {name: whole[source] for name, source in mapping.items() if source in whole}
    values |= _of_lines(text, mapping)
    chosen = _of_attachments(message.attachments, mapping)
    if way == "variables":
        return Inputs(values | {name: _text(found) for name, found in chosen.items()})
    paths = names.distinct([found.name for found in chosen.values()])
    places = {name: f"{FOLDER}/{path}" for name, path in zip(chosen, paths, strict=True)}
    files = tuple((places[name], found.data) for name, found in chosen.items())
    return Inputs(values | places, files)


def _problem(source: Any) -> str:
    kind, colon, rest = source.partition(":") if isinstance(source, str) else ("", "", "")
    if source in WHOLE:
        return ""
    if kind == "body" and colon:
        fits = len(rest) <= LONGEST_KEY and _KEY.fullmatch(rest) is not None
        return "" if fits else "A key has letters, digits, _, . and -, and begins with a letter."
    if kind == "attachment" and colon:
        fits = 0 < len(rest) <= LONGEST_GLOB and not re.search(r"[/\\\x00-\x1f]", rest)
        return "" if fits else "After attachment: stands a pattern for a file's name: *.yaml."
    return "Say subject, sender, body, body:KEY or attachment:GLOB."


def _of_lines(text: str, mapping: Mapping[str, str]) -> dict[str, str]:
    """The values of `KEY: value` lines. A key that nothing takes is refused, if any is taken."""
    wanted = {
        source.partition(":")[2].lower(): name
        for name, source in mapping.items()
        if source.startswith("body:")
    }
    found: dict[str, str] = {}
    for line in text.split("\n") if wanted else ():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        key, value = match.group(1), match.group(2)
        if key.lower() in wanted:
            if wanted[key.lower()] in found:
                raise Unfit(f"The line “{key}:” stands twice. Which of the two counts?")
            found[wanted[key.lower()]] = value
        elif "body" not in mapping.values():
            known = ", ".join(
                sorted(source[5:] for source in mapping.values() if source[:5] == "body:")
            )
            raise Unfit(f"“{key}:” is not among the lines that are taken here ({known}).")
    return found


def _of_attachments(
    attachments: Sequence[Attachment], mapping: Mapping[str, str]
) -> dict[str, Attachment]:
    """The attachment of each variable that takes one."""
    globs = {
        name: source.partition(":")[2]
        for name, source in mapping.items()
        if source.startswith("attachment:")
    }
    chosen: dict[str, Attachment] = {}
    for attachment in attachments:
        fitting = [name for name, glob in globs.items() if _fits(attachment, glob)]
        if not fitting and not _is_ornament(attachment):
            patterns = ", ".join(globs.values()) or "none"
            raise Unfit(
                f"The attachment “{attachment.name[:80] or 'without a name'}” is not among those "
                f"that are taken here ({patterns})."
            )
        for name in fitting:
            if name in chosen:
                raise Unfit(f"Two attachments fit “{globs[name]}”. Send one.")
            chosen[name] = attachment
    missing = [glob for name, glob in globs.items() if name not in chosen]
    if missing:
        raise Unfit(f"No attachment fits “{missing[0]}”, which is needed here.")
    return chosen


def _fits(attachment: Attachment, glob: str) -> bool:
    last = re.split(r"[/\\]", attachment.name)[-1].lower()
    return any(
        fnmatchcase(one, glob.lower()) for one in (last, names.safe(attachment.name).lower())
    )


def _is_ornament(attachment: Attachment) -> bool:
    """Whether mailers add such a thing by themselves: a picture in the text, a signature."""
    is_picture = bool(attachment.content_id) and attachment.content_type.startswith("image/")
    return is_picture or attachment.content_type in _SIGNATURES


def _text(attachment: Attachment) -> str:
    if len(attachment.data) > LARGEST_TEXT_BYTES:
        raise Unfit(
            f"The attachment “{attachment.name[:80]}” is larger than "
            f"{LARGEST_TEXT_BYTES >> 10} KB, the most that fits into a variable."
        )
    try:
        text = attachment.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unfit(f"The attachment “{attachment.name[:80]}” is no text in UTF-8.") from None
    if "\x00" in text:
        raise Unfit(f"The attachment “{attachment.name[:80]}” is no text.")
    return text
