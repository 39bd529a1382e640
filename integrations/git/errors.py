"""What git says when it fails, as sentences for people: without secrets, and with a way on."""

import re
from urllib.parse import urlsplit

from lib.process import Finished

LONGEST_QUOTE = 200


class GitError(Exception):
    """The code could not be had; the message is a sentence that holds no secret."""


# What git, curl and ssh print (in the C locale) → what it means. {place} is the repository.
REASONS: tuple[tuple[str, str], ...] = (
    (
        r"exec: git: .*not found",
        "git could not be started; is it installed on Gantry's machine?",
    ),
    (
        r"couldn't find remote ref",
        "There is no branch, tag or other ref “{ref}” in {place}.",
    ),
    (
        r"not our ref|unadvertised object|no such remote ref",
        "There is no commit “{ref}” in {place}, or its server hands out branches and tags only.",
    ),
    (
        (
            r"could not read (Username|Password)|Authentication failed|returned error: 40[13]"
            r"|unable to read askpass"
        ),
        "{place} asks for credentials, or refuses the ones given.",
    ),
    (
        r"Permission denied \(|Too many authentication failures|Load key",
        "{place} refuses the SSH key.",
    ),
    (
        r"Host key verification failed|No .* host key is known",
        "The host key of {place} is not the known one; check it and save it with the SSH key.",
    ),
    (
        r"unable to update url base|returned error: 30\d|redirect",
        "{place} points elsewhere; use the address it points to (often it ends with “.git”).",
    ),
    (
        (
            r"does not appear to be a git repository|repository .* not found|returned error: 404"
            r"|Repository not found|not a git repository|dubious ownership"
        ),
        "There is no repository at {place}, or not for these credentials.",
    ),
    (
        r"certificate|SSL|TLS",
        "The certificate of {place} could not be verified.",
    ),
    (
        (
            r"[Cc]onnection refused|Could not connect|Failed to connect|[Cc]onnection timed out"
            r"|Could not resolve|No route to host|Network is unreachable|Connection reset"
            r"|[Cc]onnection closed|hung up unexpectedly|Empty reply"
        ),
        "{place} does not answer.",
    ),
    (
        r"File too large|died of signal 25|filesize limit",
        "{place} is larger than the {limit} that a repository may have here.",
    ),
    (
        r"fsck|badTree|missingSpace|zeroPadded|hasDot|invalid path|malformed",
        "{place} holds objects that git's own check refuses as damaged or dangerous.",
    ),
    (
        r"usage: git merge-tree",
        "Merging takes git 2.38 or later on Gantry's machine.",
    ),
    (
        r"No space left on device|Disk quota exceeded",
        "There is no space left to fetch {place}.",
    ),
)


def explain(
    finished: Finished, *, place: str, ref: str, limit: str, secrets: tuple[str, ...]
) -> GitError:
    """Why the git command failed, as an error to raise."""
    if finished.timed_out:
        return GitError(f"{place} did not answer in the time allowed.")
    said = finished.stderr.decode(errors="replace")
    # Without the address: a repository called “redirect” is no redirect.
    for name in (place, urlsplit(place).path):
        said = said.replace(name, "")
    for pattern, sentence in REASONS:
        if re.search(pattern, said):
            return GitError(sentence.format(place=place, ref=ref, limit=limit))
    return GitError(f"git could not read {place}{_quote(said, secrets)}.")


def _quote(said: str, secrets: tuple[str, ...]) -> str:
    """The first line in which git itself complains; what the server says is not repeated."""
    complaints = re.findall(r"^(?:fatal|error): (.+)$", said, flags=re.MULTILINE)
    if not complaints:
        return ""
    text = "".join(char for char in complaints[0] if char.isprintable())
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    return f"; it says “{text[:LONGEST_QUOTE].rstrip('.')}”"
