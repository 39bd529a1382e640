"""Cut a minified stylesheet down to the rules whose every class is wanted.

Of the variables, those stay that the rules read. A tiny reader for minified CSS without nesting:
enough for what vendor.py feeds it, and deterministic.
"""

import re
from collections.abc import Iterator
from functools import partial

CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
DEFINITION = re.compile(r"(?<=[{;])(--[\w-]+):((?:[^;{}\"']|\"[^\"]*\"|'[^']*')*)(;|(?=\}))")
VARIABLE = re.compile(r"var\((--[\w-]+)")


def subset(css: str, keep: list[str], drop: list[str]) -> str:
    """Return the wanted part of a stylesheet.

    keep: regular expressions, one of which each class of a selector must match whole; a selector
    without a class stays.
    drop: regular expressions; a selector in which one is found goes.
    """
    wanted = re.compile("|".join(f"(?:{k})" for k in keep))
    unwanted = re.compile("|".join(drop))
    banner = "".join(re.findall(r"/\*!.*?\*/", css, flags=re.DOTALL)[:1])
    rules = list(_filtered(_plain(css), wanted, unwanted))
    return banner + "\n" + _without_unused(rules)


def _plain(css: str) -> str:
    """The stylesheet without comments, charset and imports."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"@(charset|import)[^;]*;", "", css)


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield (prelude, body) for each top-level block."""
    start = depth = opened = 0
    for found in re.finditer(r"[{}]", css):
        at = found.start()
        if found.group() == "{":
            opened = at if depth == 0 else opened
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : at]
                start = at + 1


def _filtered(css: str, wanted: re.Pattern[str], unwanted: re.Pattern[str]) -> Iterator[str]:
    """Yield each rule that stays, with only its wanted selectors."""
    for prelude, body in _blocks(css):
        if prelude.startswith(("@media", "@supports", "@container")):
            inner = "".join(_filtered(body, wanted, unwanted))
            if inner:
                yield f"{prelude}{{{inner}}}"
        elif prelude.startswith("@"):
            if not unwanted.search(prelude):
                yield f"{prelude}{{{body}}}"
        else:
            selectors = [s for s in _selectors(prelude) if _stays(s, wanted, unwanted)]
            if selectors:
                yield f"{','.join(selectors)}{{{body}}}"


def _selectors(prelude: str) -> list[str]:
    """Split a selector list at its outer commas."""
    return re.split(r",(?![^(]*\))", prelude)


def _stays(selector: str, wanted: re.Pattern[str], unwanted: re.Pattern[str]) -> bool:
    return not unwanted.search(selector) and all(
        wanted.fullmatch(name) for name in CLASS.findall(selector)
    )


def _without_unused(rules: list[str]) -> str:
    """Drop definitions of variables nobody reads, again and again until none is left to drop."""
    css, smaller = "", "\n".join(rules)
    while css != smaller:
        css = smaller
        used = frozenset(VARIABLE.findall(css))
        smaller = DEFINITION.sub(partial(_if_used, used), css)
        smaller = re.sub(r"[^{}\n]+\{\}\n?", "", smaller)
    return css + "\n"


def _if_used(used: frozenset[str], found: re.Match[str]) -> str:
    return found.group() if found.group(1) in used else ""
