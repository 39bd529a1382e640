"""What the receiving service found out about a sender: SPF, DKIM, DMARC.

Whether they speak for the address in From: RFC 7489, section 3.1; RFC 8601 for the headers.
A From line is no identity: anybody can write it. It becomes one only when DMARC passes, or when a
passed DKIM signature or SPF check is for From's own domain (or the domain above it).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

PASS = "pass"  # noqa: S105 - the word of RFC 8601
_RESULT = re.compile(r"(?<![\w.-])(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<![\w.-])([a-z]+\.[a-z]+)\s*=\s*\"?([^\s;\"()]+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HARMLESS = re.compile(r"[\w.@+-]*")
_SIGNING_DOMAIN = re.compile(r"(?:^|;)\s*d\s*=\s*([^\s;]+)", re.IGNORECASE)
LONGEST_HEADER = 20_000


@dataclass(frozen=True)
class Check:
    """The result of one check, and the domain it speaks for ('' when the service does not say)."""

    result: str
    domain: str = ""


NONE = Check("none")


@dataclass(frozen=True)
class Verdict:
    """What the receiving service says of a message's sender."""

    spf: Check = NONE
    dkim: Sequence[Check] = ()
    dmarc: Check = NONE
    note: str = ""
    """Why nothing is known, as a sentence, when nothing is."""

    def speaks_for(self, domain: str) -> bool:
        """Whether the sender is proven to be of this domain."""
        if self.dmarc.result == PASS and _same(self.dmarc.domain or domain, domain):
            return True
        return any(_is_aligned(check, domain) for check in (self.spf, *self.dkim))

    def text(self) -> str:
        """The results in one line."""
        dkim = ", ".join(_words(check) for check in self.dkim) or "none"
        return f"SPF {_words(self.spf)} · DKIM {dkim} · DMARC {_words(self.dmarc)}"

    def as_json(self) -> dict[str, Any]:
        """What is kept of it."""
        return {**asdict(self), "dkim": [asdict(check) for check in self.dkim]}


def from_json(kept: Mapping[str, Any]) -> Verdict:
    """The verdict that `as_json` made."""
    return Verdict(
        spf=Check(**kept["spf"]),
        dkim=tuple(Check(**check) for check in kept["dkim"]),
        dmarc=Check(**kept["dmarc"]),
        note=kept.get("note", ""),
    )


def domain_of(address: str) -> str:
    """The domain of an address in lower case, without a dot at its end; '' when there is none."""
    return (
        address.rpartition("@")[2].strip().strip(">").rstrip(".").lower() if "@" in address else ""
    )


def signing_domains(signatures: Sequence[str]) -> list[str]:
    """The domains that DKIM-Signature headers name."""
    found = (_SIGNING_DOMAIN.search(text[:LONGEST_HEADER]) for text in signatures)
    return [match.group(1).lower().rstrip(".") if match else "" for match in found]


def only_domain(domains: Sequence[str]) -> str:
    """The domain when all are the same: a service that says “DKIM passed” says not for which."""
    return domains[0] if domains and len(set(domains)) == 1 else ""


def authentication_results(headers: Sequence[str], authserv_id: str) -> Verdict:
    """The verdict in the topmost Authentication-Results that our own receiving server wrote.

    Others may stand in the message: whoever sent it can write what he likes there, but below.
    """
    if not authserv_id:
        return Verdict(
            note="GANTRY_EMAIL_AUTHSERV_ID does not say whose Authentication-Results count."
        )
    for text in headers:
        clean = _without_comments(text[:LONGEST_HEADER])
        name, _, rest = clean.partition(";")
        if name.split()[:1] == [authserv_id.lower()] or name.strip().lower() == authserv_id.lower():
            return _parse(rest)
    return Verdict(note=f"{authserv_id} has written no Authentication-Results into the message.")


def _parse(text: str) -> Verdict:
    spf, dmarc, dkim = NONE, NONE, []
    for clause in text.split(";"):
        found = _RESULT.search(clause)
        if not found:
            continue
        method, result = found.group(1).lower(), found.group(2).lower()
        properties = {name.lower(): value for name, value in _PROPERTY.findall(clause)}
        match method:
            case "spf" if spf is NONE:
                spf = Check(result, _domain(properties.get("smtp.mailfrom", "")))
            case "dkim":
                signer = properties.get("header.d") or properties.get("header.i", "")
                dkim.append(Check(result, _domain(signer)))
            case "dmarc" if dmarc is NONE:
                dmarc = Check(result, _domain(properties.get("header.from", "")))
            case _:
                pass
    return Verdict(spf, tuple(dkim), dmarc)


def _without_comments(text: str) -> str:
    """The text without (comments), nested ones too, to a few levels."""
    text = _QUOTED.sub(_plain, " ".join(text.split()))
    for _ in range(5):
        shorter = _COMMENT.sub(" ", text)
        if shorter == text:
            break
        text = shorter
    return text.lower()


def _plain(quoted: re.Match[str]) -> str:
    """A quoted string in clear, if nothing in it could be taken for a result: senders choose it."""
    return quoted.group(1) if _HARMLESS.fullmatch(quoted.group(1)) else ""


def _domain(text: str) -> str:
    return domain_of(text) if "@" in text else text.strip().rstrip(".").lower()


def _is_aligned(check: Check, domain: str) -> bool:
    return check.result == PASS and _same(check.domain, domain)


def _same(signer: str, domain: str) -> bool:
    """Whether who signs is the domain itself, or the one above it, which answers for it."""
    if not signer or not domain:
        return False
    return domain == signer or ("." in signer and domain.endswith(f".{signer}"))


def _words(check: Check) -> str:
    return f"{check.result} ({check.domain})" if check.domain else check.result
