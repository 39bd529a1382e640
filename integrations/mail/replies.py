"""What somebody wrote anew: without the message they answer, and without their signature."""

import re

_QUOTE_HEADS = re.compile(
    r"""^\s*(?:
        (?:On|Am|Le|El|Il|Op|Em|Den|W\ dniu)\b.{0,300}
            (?:wrote|schrieb(?:\ .{0,80})?|a\ écrit|escribió|ha\ scritto|schreef|escreveu|skrev
            |napisał(?:\(a\))?)\s*:\s*
      | -{2,}\s*(?:Original\ Message|Ursprüngliche\ Nachricht|Message\ d'origine|Forwarded\ message
            |Mensaje\ original|Weitergeleitete\ Nachricht)\s*-{2,}\s*
      | _{20,}\s*
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
_OUTLOOK = re.compile(r"^(?:From|Von|De|Da|Van):\s.+", re.IGNORECASE)
_OUTLOOK_NEXT = re.compile(
    r"^(?:Sent|Gesendet|Envoyé|Enviado|Inviato|Verzonden|Date|Datum|To|An|À|Para|A|Aan):\s",
    re.IGNORECASE,
)
SIGNATURE = "-- "


def cut(text: str) -> str:
    """The text without quoted lines, and what follows a quotation's head or a signature."""
    kept: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line == SIGNATURE or _begins_quote(lines, number):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()


def _begins_quote(lines: list[str], number: int) -> bool:
    line = lines[number]
    if _QUOTE_HEADS.match(line[:500]):
        return True
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if _OUTLOOK.match(line) and _OUTLOOK_NEXT.match(following):
        return True
    # Mailers break a long “On …, … wrote:” over two lines.
    return following.rstrip().endswith(":") and bool(
        _QUOTE_HEADS.match(f"{line.rstrip()} {following.strip()}"[:500])
    )
