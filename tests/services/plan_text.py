"""A reader of OpenTofu's own plan text: the oracle that rows are held against.

For each resource it says which leaves are added, removed and changed. A leaf is told as a set of
names on the way to it (list positions are left out: the text has none) and the two values.
"""

import re

_RESOURCE = re.compile(r'^\s*(?:[-+~<=/]+ )?(?:resource|data) "(\S+)" "(\S+)" \{$')
_BLOCK = re.compile(r"^([-+~])?\s*(?:\"?([^\"=]*?)\"?\s*=\s*)?(?:(\w+) )?(\{|\[|jsonencode\($)$")
_LEAF = re.compile(r"^([-+~])?\s*(?:\"?([^\"=]+?)\"?\s*= )?(.*?)( # forces replacement)?$")
_HEREDOC = "<<-EOT"


def leaves_of(text):
    """Return {resource: {(sign, names, before, after)}} of the text's planned actions."""
    body = text.partition("OpenTofu will perform the following actions:")[2]
    found, current, names = {}, None, []
    lines = iter(body.splitlines())
    for line in lines:
        opening = _RESOURCE.match(line)
        if opening:
            current, names = found.setdefault(".".join(opening.groups()), set()), []
        elif current is not None:
            names, closed = _read(line.strip(), lines, names, current)
            current = None if closed else current
    return found


def _read(line, lines, names, leaves):
    if not line or line.startswith("#"):
        return names, False
    if line.rstrip(",") in {"}", "]", ")"} or line.startswith(("} ->", "] ->", ") ->")):
        return names[:-1], not names
    block = _BLOCK.match(line)
    if block:
        return [*names, block[2] or block[3] or ""], False
    if _HEREDOC in line:
        # Texts are compared line by line elsewhere.
        while not next(lines).strip().startswith("EOT"):
            pass
        return names, False
    sign, name, value, _ = _LEAF.match(line).groups()
    if sign:
        before, _, after = (
            value.rstrip(",").rpartition(" -> ") if " -> " in value else _one(sign, value)
        )
        way = tuple(n for n in [*names, name] if n)
        leaves.add((sign, way, _plain(before), _plain(after)))
    return names, False


def _one(sign, value):
    value = value.rstrip(",")
    return (value, "", "") if sign == "-" else ("", "", value)


def _plain(value):
    return "" if value == "null" else value.strip('"')
